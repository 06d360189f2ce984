import Foundation

/// Standard input line by line, and standard output without a buffer.
enum Input {
    static func line() async -> String? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: readLine()) }
        }
    }

    static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}
