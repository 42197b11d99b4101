// The bytes being written and the arrays and maps that are still open.
//
// Codable tells how many entries a container has only by what follows it. So each container begins with a head of one
// byte, and gets its true head when something is written outside it, which needs a move only beyond 23 entries.

/// The growing output of one encoding. One owner at a time; never shared between threads.
///
/// No access to a property lasts while code of others runs, so accesses cannot overlap, and having each one checked would
/// take a quarter of the time of an encoding.
final class CBOROutput {
    struct Container {
        /// Where the head is.
        let start: Int
        let type: MajorType
        /// Whether the keys have no order of their own (a dictionary), so that they are to be sorted.
        var isSorted = false
        var count = 0
        /// Where each entry of a sorted map begins.
        var entries: [Int] = []
        /// Where the value of the last entry goes, if it was left to an encoder that was handed out.
        var valueStart: Int?
    }

    @exclusivity(unchecked) private var base: UnsafeMutablePointer<UInt8>
    @exclusivity(unchecked) private var capacity: Int
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private(set) var open: [Container] = []
    /// The first thing that went wrong where Codable gives no way to throw.
    @exclusivity(unchecked) private(set) var failure: EncodingError?

    init(capacity: Int) {
        self.capacity = max(64, capacity)
        base = .allocate(capacity: self.capacity)
        open.reserveCapacity(8)
    }

    deinit { base.deallocate() }

    /// Everything written, once all containers are closed.
    var bytes: [UInt8] { [UInt8](UnsafeBufferPointer(start: base, count: count)) }

    func fail(_ reason: String) {
        if failure == nil {
            failure = .invalidValue(reason, EncodingError.Context(codingPath: [], debugDescription: reason))
        }
    }
}

// MARK: - Containers

extension CBOROutput {
    /// Opens a container for the value that begins here, or finds the one already begun at `start` by the same value.
    ///
    /// - Returns: the container's depth, by which entries are added.
    func openContainer(_ type: MajorType, at start: Int, depth: Int, isSorted: Bool = false) -> Int {
        if depth < open.count, open[depth].start == start {
            if open[depth].type != type { fail("a value is both an array and a map") }
            return depth
        }
        close(downTo: depth)
        guard start == count else {
            fail("a container was begun after its turn")
            return depth
        }
        guard depth < maximumDepth else {
            fail("nested more than \(maximumDepth) deep")
            return depth
        }
        open.append(Container(start: start, type: type, isSorted: isSorted))
        writeByte(type.rawValue << 5)
        return depth
    }

    /// Makes ready for the next entry of the container at `depth` that begins at `start`.
    func beginEntry(ofContainerAt start: Int, depth: Int) {
        close(downTo: depth + 1)
        guard depth < open.count, open[depth].start == start else {
            fail("a container was written to after its turn")
            return
        }
        fillIn(open[depth])
        open[depth].count += 1
        if open[depth].isSorted { open[depth].entries.append(count) }
    }

    func entryCount(ofContainerAt start: Int, depth: Int) -> Int {
        depth < open.count && open[depth].start == start ? open[depth].count : 0
    }

    /// Gives the containers from `depth` inwards their true heads.
    func close(downTo depth: Int) {
        while open.count > depth {
            let container = open.removeLast()
            fillIn(container)
            if container.isSorted { sort(container) }
            closeHead(of: container)
        }
    }

    /// Notes that an encoder handed out writes the value of the entry just begun.
    func leaveValue(ofContainerAt start: Int, depth: Int) {
        if depth < open.count, open[depth].start == start { open[depth].valueStart = count }
    }

    /// An encoder that was handed out and not used stands for a value without properties: a map without entries.
    private func fillIn(_ container: Container) {
        if container.valueStart == count { writeByte(MajorType.map.rawValue << 5) }
    }

    private func closeHead(of container: Container) {
        let extra = Self.headLength(UInt64(container.count)) - 1
        if extra > 0 {
            reserve(extra)
            let contents = base + container.start + 1
            (contents + extra).update(from: contents, count: count - container.start - 1)
            count += extra
        }
        Self.putHead(container.type, UInt64(container.count), at: base + container.start)
    }

    /// Orders the entries of a map by the bytes of their keys, heads included (RFC 8949, section 4.2.1).
    private func sort(_ container: Container) {
        let starts = container.entries
        func entry(_ index: Int) -> UnsafeBufferPointer<UInt8> {
            let end = index + 1 < starts.count ? starts[index + 1] : count
            return UnsafeBufferPointer(start: base + starts[index], count: end - starts[index])
        }
        // Two keys that differ do so before either ends, as a head tells the length; so whole entries may be compared.
        let order = starts.indices.sorted { entry($0).lexicographicallyPrecedes(entry($1)) }
        guard !order.elementsEqual(starts.indices) else { return }
        let sorted = order.flatMap { entry($0) }
        sorted.withUnsafeBufferPointer { source in
            guard let address = source.baseAddress else { return }
            (base + starts[0]).update(from: address, count: source.count)
        }
    }
}

// MARK: - Values

extension CBOROutput {
    func write(_ flag: Bool) { writeByte(flag ? Simple.true : Simple.false) }

    func writeNull() { writeByte(Simple.null) }

    func write(_ number: some FixedWidthInteger) {
        if number < 0 {
            writeHead(.negative, UInt64(~Int64(number)))
        } else {
            writeHead(.unsigned, UInt64(number))
        }
    }

    func write(_ number: Double) {
        reserve(9)
        base[count] = Simple.double
        Self.putBigEndian(number.bitPattern, at: base + count + 1)
        count += 9
    }

    func write(_ number: Float) {
        reserve(5)
        base[count] = Simple.single
        Self.putBigEndian(number.bitPattern, at: base + count + 1)
        count += 5
    }

    func write(_ text: String) {
        var text = text
        text.withUTF8 { writeString(.text, $0) }
    }

    func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { writeString(.bytes, $0) }
    }

    private func writeString(_ type: MajorType, _ bytes: UnsafeBufferPointer<UInt8>) {
        writeHead(type, UInt64(bytes.count))
        guard let address = bytes.baseAddress else { return }
        reserve(bytes.count)
        (base + count).update(from: address, count: bytes.count)
        count += bytes.count
    }

    private func writeHead(_ type: MajorType, _ argument: UInt64) {
        reserve(9)
        count += Self.putHead(type, argument, at: base + count)
    }

    private func writeByte(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count += 1
    }

    private func reserve(_ extra: Int) {
        guard count + extra > capacity else { return }
        capacity = max(capacity * 2, count + extra)
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        grown.update(from: base, count: count)
        base.deallocate()
        base = grown
    }

    private static func headLength(_ argument: UInt64) -> Int {
        switch argument {
        case 0..<24: 1
        case 24..<0x100: 2
        case 0x100..<0x1_0000: 3
        case 0x1_0000..<0x1_0000_0000: 5
        default: 9
        }
    }

    /// Writes a head in its shortest form and returns its length in bytes; up to 9 are written to.
    @discardableResult
    private static func putHead(
        _ type: MajorType, _ argument: UInt64, at place: UnsafeMutablePointer<UInt8>
    ) -> Int {
        let high = type.rawValue << 5
        let length = headLength(argument)
        switch length {
        case 1:
            place[0] = high | UInt8(truncatingIfNeeded: argument)
        case 2:
            place[0] = high | 24
            place[1] = UInt8(truncatingIfNeeded: argument)
        case 3:
            place[0] = high | 25
            putBigEndian(UInt16(truncatingIfNeeded: argument), at: place + 1)
        case 5:
            place[0] = high | 26
            putBigEndian(UInt32(truncatingIfNeeded: argument), at: place + 1)
        default:
            place[0] = high | 27
            putBigEndian(argument, at: place + 1)
        }
        return length
    }

    private static func putBigEndian(_ number: some FixedWidthInteger, at place: UnsafeMutablePointer<UInt8>) {
        UnsafeMutableRawPointer(place).storeBytes(of: number.bigEndian, toByteOffset: 0, as: type(of: number))
    }
}
