import GroupModel
import GroupWire

/// What carriers tell each other, in words, for timelines.
public enum ControlText {
    /// `join n/0`, `leave n/0`, `flushOK`, `table`, `sweep`: what a control message is about; nil when it is none. The first part
    /// of a long one tells enough.
    public static func text(of bytes: [UInt8], names: (LWGID) -> String) -> String? {
        bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            let kind = reader.u8()
            _ = reader.viewID()
            guard reader.isValid else { return nil }
            switch kind {
            case 1:
                let operations = ControlMessage.readOperations(&reader)
                guard reader.isValid else { return "record" }
                return operations.map {
                    switch $0 {
                    case .join(let endpoint, let name): "join \(name)/\(endpoint)"
                    case .leave(let endpoint, let id): "leave \(names(id))/\(endpoint)"
                    }
                }.joined(separator: " ")
            case 2: return "flushOK"
            case 3: return "table"
            case 4: return "sweep"
            default: return nil
            }
        }
    }
}
