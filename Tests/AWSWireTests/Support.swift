import AWSWire
import CloudTypes
import Foundation
import Testing

/// Reads an operation's input from a form body.
func read<Operation: QueryOperation>(
    _ operation: Operation.Type, _ form: String
) throws(WireError) -> Operation.Input {
    let request = try QueryRequest(body: Array("Action=\(operation.name)&Version=2016-11-15&\(form)".utf8))
    return try Operation.Input(from: request.parameters)
}

/// Why a request is refused.
func refusal<Operation: QueryOperation>(_ operation: Operation.Type, _ form: String) -> WireError? {
    do {
        _ = try read(operation, form)
        return nil
    } catch {
        return error
    }
}

/// What one call of the writer leaves.
func written(_ write: (inout XMLWriter) -> Void) -> String {
    var xml = XMLWriter()
    write(&xml)
    return String(decoding: xml.finish(), as: UTF8.self)
}

let spokenOperations: [any QueryOperation.Type] = EC2.spokenOperations + STS.spokenOperations

func fixture<Value: Decodable>(_ name: String, as type: [Value].Type) throws -> [Value] {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(type, from: Data(contentsOf: url))
}

/// A value as lines of `path=value`, one per scalar.
func lines(_ value: Any, _ path: String = "") -> [String] {
    switch value {
    case let bytes as [UInt8]: return ["\(path)=\(Base64.encode(bytes))"]
    case let moment as Timestamp: return ["\(path)=\(moment)"]
    case let list as [Any]: return list.enumerated().flatMap { lines($0.element, "\(path)[\($0.offset)]") }
    case let value as any RawRepresentable<String>: return ["\(path)=\(value.rawValue)"]
    default: break
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: return mirror.children.first.map { lines($0.value, path) } ?? []
    case .struct where !(value is String):
        guard !mirror.children.isEmpty else { return path.isEmpty ? [] : ["\(path)=\(value)"] }
        return mirror.children.flatMap { lines($0.value, path.isEmpty ? $0.label ?? "" : "\(path).\($0.label ?? "")") }
    default: return ["\(path)=\(value)"]
    }
}
