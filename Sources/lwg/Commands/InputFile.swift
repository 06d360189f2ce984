import Foundation
import Glibc

/// A file that a user names.
enum InputFile {
    /// - Throws: `Failure`, with what the system has against it.
    static func read(_ path: String) throws -> Data {
        guard let file = fopen(path, "r") else { throw failure(path) }
        defer { fclose(file) }
        var all = Data()
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            all.append(contentsOf: chunk[..<count])
        }
        guard ferror(file) == 0 else { throw failure(path) }
        return all
    }

    private static func failure(_ path: String) -> Failure {
        Failure("cannot read \(path): \(String(cString: strerror(errno)))")
    }
}
