// Writes JSON by appending: no tree, no intermediate strings. Names come from the service model and need no escaping.

package import CloudTypes

/// A structure that answers carry.
package protocol JSONWritable: Sendable, Equatable {
    /// Writes the members; the braces around them are the caller's.
    func write(to json: inout JSONWriter)
}

/// A document that grows at its end.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// A whole document.
    package static func document(_ value: some JSONWritable) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(value)
        return writer.bytes
    }

    private mutating func object(_ value: some JSONWritable) {
        bytes.append(UInt8(ascii: "{"))
        value.write(to: &self)
        bytes.append(UInt8(ascii: "}"))
    }

    /// A comma, unless something was just opened.
    private mutating func separate() {
        guard let last = bytes.last, last != UInt8(ascii: "{"), last != UInt8(ascii: "[") else { return }
        bytes.append(UInt8(ascii: ","))
    }

    private mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func text(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        if text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
            for byte in text.utf8 { escaped(byte) }
        } else {
            bytes.append(contentsOf: text.utf8)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }
}

// Members; `nil` writes nothing.
extension JSONWriter {
    package mutating func member(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        self.name(name)
        text(value)
    }

    package mutating func member(_ name: StaticString, _ value: Int?) { member(name, verbatim: value?.description) }

    package mutating func member(_ name: StaticString, _ value: Bool?) {
        member(name, verbatim: value.map { $0 ? "true" : "false" })
    }

    package mutating func member(_ name: StaticString, _ value: Double?) {
        member(name, verbatim: value.flatMap { $0.isFinite ? $0.description : nil })
    }

    /// Seconds since 1970, to the millisecond.
    package mutating func member(_ name: StaticString, _ value: Timestamp?) {
        guard let value else { return }
        let (seconds, rest) = value.milliseconds.quotientAndRemainder(dividingBy: 1000)
        let fraction = "\(1000 + rest.magnitude)".dropFirst()
        let sign = value.milliseconds < 0 ? "-" : ""
        member(name, verbatim: "\(sign)\(seconds.magnitude)" + (rest == 0 ? "" : ".\(fraction)"))
    }

    /// Bytes, as base64.
    package mutating func member(_ name: StaticString, _ value: [UInt8]?) {
        member(name, value.map { Base64.encode($0) })
    }

    package mutating func member<Value: JSONWritable>(_ name: StaticString, _ value: Value?) {
        guard let value else { return }
        self.name(name)
        object(value)
    }

    private mutating func member(_ name: StaticString, verbatim value: String?) {
        guard let value else { return }
        self.name(name)
        bytes.append(contentsOf: value.utf8)
    }
}

// Lists.
extension JSONWriter {
    package mutating func list<Value: JSONWritable>(
        _ name: StaticString, _ values: [Value], omittedWhenEmpty: Bool = false
    ) {
        list(name, values, omittedWhenEmpty) { $0.object($1) }
    }

    package mutating func list(_ name: StaticString, _ values: [String], omittedWhenEmpty: Bool = false) {
        list(name, values, omittedWhenEmpty) { $0.text($1) }
    }

    private mutating func list<Value>(
        _ name: StaticString, _ values: [Value], _ omittedWhenEmpty: Bool,
        _ write: (inout JSONWriter, Value) -> Void
    ) {
        if values.isEmpty, omittedWhenEmpty { return }
        self.name(name)
        bytes.append(UInt8(ascii: "["))
        for value in values {
            separate()
            write(&self, value)
        }
        bytes.append(UInt8(ascii: "]"))
    }
}
