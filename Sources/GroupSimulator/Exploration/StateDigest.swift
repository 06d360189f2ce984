import GroupModel

/// A hash of all that a value holds, found by reflection: cores of one digest behave alike from then on.
///
/// Parts that can hash themselves do. Of a packet its bytes count, of a hashed collection not the order. What no behaviour
/// hangs on is named in `LeftOut`. A part of which nobody knows what it holds stops the program: what is overlooked would
/// make two states one.
///
/// Mirrors are slow, so that each type is looked at once: afterwards its parts are found by their offsets (`StateShapes`).
struct StateDigest {
    fileprivate var hasher = Hasher()
    private let shapes: StateShapes

    init(_ shapes: StateShapes) { self.shapes = shapes }

    var value: UInt64 { UInt64(bitPattern: Int64(hasher.finalize())) }

    mutating func add<T>(_ value: T) {
        withUnsafePointer(to: value) { shapes.add(T.self, UnsafeRawPointer($0), &hasher) }
    }
}

/// How the types of a state are hashed.
final class StateShapes {
    typealias Add = (UnsafeRawPointer, inout Hasher) -> Void

    /// A stored property.
    struct Field {
        let name: String
        let offset: Int
        let type: Any.Type
    }

    private var known: [ObjectIdentifier: Add] = [:]

    func add<T>(_ type: T.Type, _ value: UnsafeRawPointer, _ hasher: inout Hasher) {
        shape(type, value)(value, &hasher)
    }

    /// - Parameter example: a value of the type.
    func shape<T>(_ type: T.Type, _ example: UnsafeRawPointer) -> Add {
        if let found = known[ObjectIdentifier(type)] { return found }
        let made = make(type, example)
        known[ObjectIdentifier(type)] = made
        return made
    }

    private func make<T>(_ type: T.Type, _ example: UnsafeRawPointer) -> Add {
        if type == Packet.self {
            return { value, hasher in hasher.combine(bytes: value.assumingMemoryBound(to: Packet.self).pointee.contents)
            }
        }
        precondition(!LeftOut.isPointer(type), "a state holds a pointer")
        if let hashable = type as? any Hashable.Type { return Self.hash(hashable) }
        if let container = type as? any StateContainer.Type {
            return { [unowned self] value, hasher in container.add(value, self, &hasher) }
        }
        switch Mirror(reflecting: example.assumingMemoryBound(to: type).pointee).displayStyle {
        case .struct, .tuple: return parts(of: type, example)
        case .enum:
            return { [unowned self] value, hasher in addCase(value.assumingMemoryBound(to: type).pointee, &hasher) }
        default: preconditionFailure("a state holds \(type), which has no digest")
        }
    }

    private static func hash<T: Hashable>(_ type: T.Type) -> Add {
        { value, hasher in value.assumingMemoryBound(to: type).pointee.hash(into: &hasher) }
    }

    private func addCase<T>(_ value: T, _ hasher: inout Hasher) {
        let mirror = Mirror(reflecting: value)
        hasher.combine(mirror.children.first?.label ?? "\(value)")
        for child in mirror.children { addAny(child.value, &hasher) }
    }

    private func addAny(_ value: some Any, _ hasher: inout Hasher) {
        withUnsafePointer(to: value) { add(type(of: value), UnsafeRawPointer($0), &hasher) }
    }

    private func parts<T>(of type: T.Type, _ example: UnsafeRawPointer) -> Add {
        let fields = Self.fields(of: type, example)
        let name = String(reflecting: type)
        let left = LeftOut.parts[name] ?? []
        let parts = fields.filter { !left.contains($0.name) }.map { ($0.offset, shape($0.type, example + $0.offset)) }
        let whole: Add = { value, hasher in
            for (offset, add) in parts { add(value + offset, &hasher) }
        }
        guard let extra = LeftOut.special(name, fields, example) else { return whole }
        return { value, hasher in if extra(value, &hasher) { whole(value, &hasher) } }
    }

    private static func room<T>(_: T.Type) -> (size: Int, alignment: Int) {
        (MemoryLayout<T>.size, MemoryLayout<T>.alignment)
    }

    /// The stored properties in their order, which is their order in memory.
    static func fields<T>(of type: T.Type, _ example: UnsafeRawPointer) -> [Field] {
        var fields: [Field] = []
        var end = 0
        for child in Mirror(reflecting: example.assumingMemoryBound(to: type).pointee).children {
            let type = Swift.type(of: child.value)
            let (size, alignment) = room(type)
            let offset = (end + alignment - 1) / alignment * alignment
            fields.append(Field(name: child.label ?? "", offset: offset, type: type))
            end = offset + size
        }
        precondition(end == MemoryLayout<T>.size, "\(type) holds more than its mirror shows")
        return fields
    }
}

/// A generic type whose contents are not in place.
private protocol StateContainer {
    static func add(_ value: UnsafeRawPointer, _ shapes: StateShapes, _ hasher: inout Hasher)
}

extension Array: StateContainer {
    fileprivate static func add(_ value: UnsafeRawPointer, _ shapes: StateShapes, _ hasher: inout Hasher) {
        value.assumingMemoryBound(to: Self.self).pointee.withUnsafeBufferPointer { elements in
            hasher.combine(elements.count)
            guard !elements.isEmpty, let first = elements.baseAddress else { return }
            let add = shapes.shape(Element.self, first)
            for place in elements.indices { add(UnsafeRawPointer(first + place), &hasher) }
        }
    }
}

extension Optional: StateContainer {
    fileprivate static func add(_ value: UnsafeRawPointer, _ shapes: StateShapes, _ hasher: inout Hasher) {
        guard let wrapped = value.assumingMemoryBound(to: Self.self).pointee else { return hasher.combine(false) }
        hasher.combine(true)
        withUnsafePointer(to: wrapped) { shapes.add(Wrapped.self, UnsafeRawPointer($0), &hasher) }
    }
}

extension Dictionary: StateContainer {
    fileprivate static func add(_ value: UnsafeRawPointer, _ shapes: StateShapes, _ hasher: inout Hasher) {
        let entries = value.assumingMemoryBound(to: Self.self).pointee
        hasher.combine(entries.count)
        var sum = 0
        for (key, value) in entries {
            var part = Hasher()
            part.combine(key)
            withUnsafePointer(to: value) { shapes.add(Value.self, UnsafeRawPointer($0), &part) }
            sum &+= part.finalize()
        }
        hasher.combine(sum)
    }
}
