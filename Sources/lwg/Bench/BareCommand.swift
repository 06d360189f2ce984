import ArgumentParser
import Foundation

/// One process of `bench limit`: not for people.
struct BareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bare", abstract: "One process of bench limit.", shouldDisplay: false)

    func run() async throws {
        let socket: BareSocket
        do {
            socket = try BareSocket()
        } catch {
            Self.report(BareReport(failure: error.description))
            throw error
        }
        Self.report(BareReport(port: socket.port))
        let lines = LineReader(descriptor: FileHandle.standardInput.fileDescriptor)
        guard let line = await lines.next(),
            let order = try? JSONDecoder().decode(BareOrder.self, from: Data(line.utf8))
        else { return }
        var traffic = BareTraffic(socket: socket, order: order)
        Self.report(BareReport(delivered: traffic.run()))
        // The others may still send to this port until their time is over.
        _ = await lines.next()
    }

    private static func report(_ report: BareReport) {
        guard let bytes = try? JSONEncoder().encode(report) else { return }
        LineWriter.output.write(String(decoding: bytes, as: UTF8.self))
    }
}
