import EventLoop
import Glibc

extension SettingsFile {
    /// A file that is larger than this is no configuration, whatever it is: the largest that `lwg config defaults`
    /// prints has some 10 KiB.
    static let bytes = 1 << 20

    enum Unreadable: Error, CustomStringConvertible {
        case system(SystemError)
        case tooLarge
        case notText

        var description: String {
            switch self {
            case .system(let error): "cannot be read: \(error.reason)"
            case .tooLarge: "has more than \(SettingsFile.bytes) bytes, which no configuration needs"
            case .notText: "is not UTF-8 text"
            }
        }
    }

    static func read(_ path: String) throws(Unreadable) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(SystemError("open \(path)", code: errno)) }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw .system(SystemError("read \(path)", code: errno))
            }
            if count == 0 { break }
            all.append(contentsOf: chunk[..<count])
            guard all.count <= bytes else { throw .tooLarge }
        }
        guard let text = String(validating: all, as: UTF8.self) else { throw .notText }
        return text
    }
}
