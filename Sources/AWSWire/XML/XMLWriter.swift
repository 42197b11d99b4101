// Writes XML by appending: no tree, no intermediate strings, one capacity check per element.
// Names come from the service model and need no escaping; text is escaped, and what XML 1.0 forbids is replaced.

package import CloudTypes

/// A structure that answers carry.
package protocol XMLWritable: Sendable, Equatable {
    /// Writes the members; the element around them is the caller's.
    func write(to xml: inout XMLWriter)
}

/// A document that grows at its end, through a small buffer that stays in the processor's cache.
package struct XMLWriter: ~Copyable {
    /// What was written before something was shared.
    private var finished = ByteRope()
    private var written: [UInt8] = []
    private var buffer = XMLBuffer()

    /// - Parameter capacity: bytes to make room for at once; more are made as needed.
    package init(capacity: Int = 0) { written.reserveCapacity(capacity) }

    /// All that was written, in one piece.
    package consuming func finish() -> [UInt8] {
        flush()
        guard !finished.isEmpty else { return written }
        finished.append(written)
        return finished.bytes
    }

    /// All that was written; what was shared is not copied.
    package consuming func finishShared() -> ByteRope {
        flush()
        finished.append(written)
        return finished
    }

    /// Elements that are XML already and that somebody keeps: told of, not copied.
    package mutating func share(_ elements: ByteRope) {
        flush()
        finished.append(written)
        written = []
        finished.append(elements)
    }

    /// Makes room at once for about that many more bytes.
    package mutating func expect(_ count: Int) { written.reserveCapacity(written.count + count) }

    private mutating func flush() {
        written.append(contentsOf: buffer.content)
        buffer.clear()
    }

    /// Makes room in the buffer for `count` bytes, of which it must be able to hold so many.
    @inline(__always)
    private mutating func reserve(_ count: Int) {
        if buffer.room < count { flush() }
    }

    /// Elements that are XML already.
    package mutating func verbatim(_ text: UnsafeBufferPointer<UInt8>) {
        if text.count <= XMLBuffer.size / 2 {
            reserve(text.count)
            buffer.put(text)
        } else {
            flush()
            written.append(contentsOf: text)
        }
    }

    package mutating func verbatim(_ elements: [UInt8]) { elements.withUnsafeBufferPointer { verbatim($0) } }

    mutating func verbatim(_ text: StaticString) {
        verbatim(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func verbatim(_ text: String) {
        var text = text
        text.withUTF8 { verbatim($0) }
    }
}

// Tags.
extension XMLWriter {
    /// `<name>`
    package mutating func open(_ name: StaticString) {
        reserve(name.utf8CodeUnitCount + 2)
        buffer.put(UInt8(ascii: "<"))
        buffer.put(name)
        buffer.put(UInt8(ascii: ">"))
    }

    /// `</name>`
    package mutating func close(_ name: StaticString) {
        reserve(name.utf8CodeUnitCount + 3)
        buffer.put(UInt8(ascii: "<"))
        buffer.put(UInt8(ascii: "/"))
        buffer.put(name)
        buffer.put(UInt8(ascii: ">"))
    }

    /// `<name/>`
    package mutating func empty(_ name: StaticString) {
        reserve(name.utf8CodeUnitCount + 3)
        buffer.put(UInt8(ascii: "<"))
        buffer.put(name)
        buffer.put(UInt8(ascii: "/"))
        buffer.put(UInt8(ascii: ">"))
    }

    /// An element whose text needs no escaping.
    @inline(__always)
    private mutating func element(_ name: StaticString, safe text: UnsafeBufferPointer<UInt8>) {
        let tags = 2 * name.utf8CodeUnitCount + 5
        guard tags + text.count <= XMLBuffer.size else { return element(name, long: text) }
        reserve(tags + text.count)
        buffer.put(UInt8(ascii: "<"))
        buffer.put(name)
        buffer.put(UInt8(ascii: ">"))
        buffer.put(text)
        buffer.put(UInt8(ascii: "<"))
        buffer.put(UInt8(ascii: "/"))
        buffer.put(name)
        buffer.put(UInt8(ascii: ">"))
    }

    /// The same for text that does not fit the buffer.
    @inline(never)
    private mutating func element(_ name: StaticString, long text: UnsafeBufferPointer<UInt8>) {
        open(name)
        verbatim(text)
        close(name)
    }
}

// Elements with a value; `nil` writes nothing.
extension XMLWriter {
    @inline(never)
    package mutating func element(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        let isWritten: Void? = value.utf8.withContiguousStorageIfAvailable { text in
            if escapesNothing(text) { element(name, safe: text) } else { element(name, escaping: text) }
        }
        // Text that is stored in pieces is gathered first.
        if isWritten == nil { Array(value.utf8).withUnsafeBufferPointer { element(name, escaping: $0) } }
    }

    /// A value of the model's, none of which needs escaping (the generator sees to that).
    @inline(never)
    package mutating func element(_ name: StaticString, choice value: String?) {
        guard var value else { return }
        value.withUTF8 { element(name, safe: $0) }
    }

    @inline(never)
    package mutating func element(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        let text: StaticString = value ? "true" : "false"
        element(name, safe: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(never)
    package mutating func element(_ name: StaticString, _ value: Int?) {
        guard let value else { return }
        open(name)
        reserve(XMLBuffer.decimalWidth)
        buffer.put(decimal: value)
        close(name)
    }

    package mutating func element(_ name: StaticString, _ value: Double?) {
        element(name, choice: value?.description)
    }

    @inline(never)
    package mutating func element(_ name: StaticString, _ value: Timestamp?) {
        guard let value else { return }
        open(name)
        reserve(XMLBuffer.timestampWidth)
        buffer.put(timestamp: value)
        close(name)
    }

    /// Bytes, as base64.
    package mutating func element(_ name: StaticString, _ value: [UInt8]?) {
        guard let value else { return }
        Base64.encodedBytes(value).withUnsafeBufferPointer { element(name, safe: $0) }
    }

    package mutating func element<Value: XMLWritable>(_ name: StaticString, _ value: Value?) {
        guard let value else { return }
        open(name)
        value.write(to: &self)
        close(name)
    }

    @inline(never)
    private mutating func element(_ name: StaticString, escaping text: UnsafeBufferPointer<UInt8>) {
        open(name)
        escaped(text).withUnsafeBufferPointer { verbatim($0) }
        close(name)
    }
}

// Lists: an element around all, and one per item.
extension XMLWriter {
    package mutating func list<Value: XMLWritable>(
        _ name: StaticString, of item: StaticString, _ values: [Value], omittedWhenEmpty: Bool = false
    ) {
        guard begin(name, count: values.count, omittedWhenEmpty) else { return }
        values.withUnsafeBufferPointer { values in
            // By index: iterating would copy each value.
            for index in values.indices {
                open(item)
                values[index].write(to: &self)
                close(item)
            }
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
        for value in values { element(item, value) }
        close(name)
    }

    package mutating func list<Value: RawRepresentable>(
        _ name: StaticString, of item: StaticString, _ values: [Value], omittedWhenEmpty: Bool = false
    ) where Value.RawValue == String {
        guard begin(name, count: values.count, omittedWhenEmpty) else { return }
        for value in values { element(item, choice: value.rawValue) }
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
