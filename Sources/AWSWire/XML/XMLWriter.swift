// Appends XML to one growing buffer: no tree, no intermediate strings, one capacity check per element.
// Names come from the service model and need no escaping; text is escaped, and what XML 1.0 forbids is replaced.

package import CloudTypes

/// A structure that answers carry.
package protocol XMLWritable: Sendable, Equatable {
    /// Writes the members; the element around them is the caller's.
    func write(to xml: inout XMLWriter)
}

package struct XMLWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: bytes to make room for at once.
    package init(capacity: Int = 1024) { bytes.reserveCapacity(capacity) }

    /// `<name>`
    package mutating func open(_ name: StaticString) { tag(name, before: "<", after: ">") }

    /// `</name>`
    package mutating func close(_ name: StaticString) { tag(name, before: "</", after: ">") }

    /// `<name/>`
    package mutating func empty(_ name: StaticString) { tag(name, before: "<", after: "/>") }

    /// Bytes that are XML already.
    mutating func verbatim(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func verbatim(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Elements written before, as they are.
    package mutating func verbatim(_ elements: [UInt8]) { bytes.append(contentsOf: elements) }
    package mutating func verbatim(_ elements: UnsafeBufferPointer<UInt8>) { bytes.append(contentsOf: elements) }

    /// Makes room at once for about that many more bytes.
    package mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

    private mutating func tag(_ name: StaticString, before: StaticString, after: StaticString) {
        let count = before.utf8CodeUnitCount + name.utf8CodeUnitCount + after.utf8CodeUnitCount
        append(count) { place in
            place.put(before)
            place.put(name)
            place.put(after)
        }
    }
}

// Elements with a value; `nil` writes nothing.
extension XMLWriter {
    package mutating func element(_ name: StaticString, _ value: String?) {
        guard var value else { return }
        value.withUTF8 { text in
            if escapesNothing(text) { element(name, safe: text) } else { element(name, escaping: text) }
        }
    }

    package mutating func element(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        let text: StaticString = value ? "true" : "false"
        element(name, safe: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func element(_ name: StaticString, _ value: Int?) {
        guard let value else { return }
        element(name, decimal: value)
    }

    package mutating func element(_ name: StaticString, _ value: Double?) {
        guard let value else { return }
        var text = value.description
        text.withUTF8 { element(name, safe: $0) }
    }

    package mutating func element(_ name: StaticString, _ value: Timestamp?) {
        guard let value else { return }
        value.utf8.withUnsafeBufferPointer { element(name, safe: $0) }
    }

    /// Bytes, as base64.
    package mutating func element(_ name: StaticString, _ value: [UInt8]?) {
        guard let value else { return }
        Base64.encodedBytes(value).withUnsafeBufferPointer { element(name, safe: $0) }
    }

    /// A value of the model's, none of which needs escaping (the generator sees to that).
    package mutating func element<Value: RawRepresentable>(
        _ name: StaticString, _ value: Value?
    ) where Value.RawValue == String {
        guard let value else { return }
        var text = value.rawValue
        text.withUTF8 { element(name, safe: $0) }
    }

    package mutating func element<Value: XMLWritable>(_ name: StaticString, _ value: Value?) {
        guard let value else { return }
        open(name)
        value.write(to: &self)
        close(name)
    }
}

// Lists: an element around all, and one per item.
extension XMLWriter {
    package mutating func list<Value: XMLWritable>(
        _ name: StaticString, of item: StaticString, _ values: [Value], omittedWhenEmpty: Bool = false
    ) {
        guard begin(name, count: values.count, omittedWhenEmpty) else { return }
        for value in values {
            open(item)
            value.write(to: &self)
            close(item)
        }
        close(name)
    }

    package mutating func list(
        _ name: StaticString, of item: StaticString, _ values: [String], omittedWhenEmpty: Bool = false
    ) {
        guard begin(name, count: values.count, omittedWhenEmpty) else { return }
        for value in values { element(item, value) }
        close(name)
    }

    package mutating func list(
        _ name: StaticString, of item: StaticString, _ values: [Int], omittedWhenEmpty: Bool = false
    ) {
        guard begin(name, count: values.count, omittedWhenEmpty) else { return }
        for value in values { element(item, decimal: value) }
        close(name)
    }

    package mutating func list<Value: RawRepresentable>(
        _ name: StaticString, of item: StaticString, _ values: [Value], omittedWhenEmpty: Bool = false
    ) where Value.RawValue == String {
        guard begin(name, count: values.count, omittedWhenEmpty) else { return }
        for value in values { element(item, value) }
        close(name)
    }

    private mutating func begin(_ name: StaticString, count: Int, _ omittedWhenEmpty: Bool) -> Bool {
        guard count == 0 else {
            open(name)
            return true
        }
        if !omittedWhenEmpty { empty(name) }
        return false
    }
}

// The bytes themselves.
extension XMLWriter {
    /// Raw room of a known size at the buffer's end.
    private struct Place {
        var next: UnsafeMutablePointer<UInt8>

        @inline(__always)
        mutating func put(_ text: StaticString) { put(text.utf8Start, text.utf8CodeUnitCount) }

        @inline(__always)
        mutating func put(_ source: UnsafePointer<UInt8>, _ count: Int) {
            next.update(from: source, count: count)
            next += count
        }

        @inline(__always)
        mutating func put(_ byte: UInt8) {
            next.pointee = byte
            next += 1
        }
    }

    /// Makes room for exactly `count` bytes, all of which `fill` must write.
    @inline(__always)
    private mutating func append(_ count: Int, _ fill: (inout Place) -> Void) {
        bytes.append(addingCapacity: count) { (room: inout OutputSpan<UInt8>) in
            room.withUnsafeMutableBufferPointer { buffer, initialized in
                guard let start = buffer.baseAddress else { return }
                var place = Place(next: start + initialized)
                fill(&place)
                initialized += count
            }
        }
    }

    private mutating func element(_ name: StaticString, safe text: UnsafeBufferPointer<UInt8>) {
        append(2 * name.utf8CodeUnitCount + text.count + 5) { place in
            place.put(UInt8(ascii: "<"))
            place.put(name)
            place.put(UInt8(ascii: ">"))
            if let start = text.baseAddress { place.put(start, text.count) }
            place.put(UInt8(ascii: "<"))
            place.put(UInt8(ascii: "/"))
            place.put(name)
            place.put(UInt8(ascii: ">"))
        }
    }

    private mutating func element(_ name: StaticString, escaping text: UnsafeBufferPointer<UInt8>) {
        open(name)
        appendEscaped(text, to: &bytes)
        close(name)
    }

    private mutating func element(_ name: StaticString, decimal value: Int) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var position = digits.count
            var rest = value.magnitude
            repeat {
                position -= 1
                digits[position] = UInt8(48 + rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 {
                position -= 1
                digits[position] = UInt8(ascii: "-")
            }
            element(name, safe: UnsafeBufferPointer(rebasing: digits[position...]))
        }
    }
}
