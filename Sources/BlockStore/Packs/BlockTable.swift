// Where every stored block lies, in 16 bytes each. A hash table by fingerprint; the whole name stands in the record.

/// The place of a record.
struct BlockPlace: Hashable, Sendable {
    var pack: UInt32
    /// In pages from the beginning of the pack.
    var page: UInt16
    var pages: UInt8
    var offset: Int { Int(page) * RecordHeader.pageBytes }
    var byteCount: Int { Int(pages) * RecordHeader.pageBytes }
}

/// Open addressing with linear probing. Several blocks may share a fingerprint; no place is in it twice.
struct BlockTable: Sendable {
    private struct Slot: Sendable {
        var fingerprint: UInt64 = 0
        var pack: UInt32 = 0
        var page: UInt16 = 0
        /// 0: the slot is free.
        var pages: UInt8 = 0
        /// The epoch in which the block was last seen in use.
        var mark: UInt8 = 0
        var place: BlockPlace { BlockPlace(pack: pack, page: page, pages: pages) }
    }

    private var slots = [Slot](repeating: Slot(), count: 1024)
    private(set) var count = 0
    private(set) var storedPages = 0
    private var bits = 10
    /// So that guests cannot make blocks that crowd one part of the table.
    private let multiplier = UInt64.random(in: 0...UInt64.max) | 1

    private func home(_ fingerprint: UInt64) -> Int {
        Int(truncatingIfNeeded: (fingerprint &* multiplier) >> UInt64(64 - bits))
    }
    private func after(_ slot: Int) -> Int { (slot + 1) & (slots.count - 1) }

    /// Every place that may hold a block of this fingerprint: nearly always one or none.
    func places(_ fingerprint: UInt64) -> [BlockPlace] {
        var found: [BlockPlace] = []
        var slot = home(fingerprint)
        while slots[slot].pages != 0 {
            if slots[slot].fingerprint == fingerprint { found.append(slots[slot].place) }
            slot = after(slot)
        }
        return found
    }

    private func find(_ fingerprint: UInt64, _ place: BlockPlace) -> Int? {
        var slot = home(fingerprint)
        while slots[slot].pages != 0 {
            if slots[slot].fingerprint == fingerprint, slots[slot].place == place { return slot }
            slot = after(slot)
        }
        return nil
    }

    mutating func insert(_ fingerprint: UInt64, _ place: BlockPlace, mark: UInt8) {
        if count * 8 >= slots.count * 6 { grow() }
        add(Slot(fingerprint: fingerprint, pack: place.pack, page: place.page, pages: place.pages, mark: mark))
        count += 1
        storedPages += Int(place.pages)
    }

    private mutating func add(_ new: Slot) {
        var slot = home(new.fingerprint)
        while slots[slot].pages != 0 { slot = after(slot) }
        slots[slot] = new
    }

    private mutating func grow() {
        let old = slots
        bits += 1
        slots = [Slot](repeating: Slot(), count: old.count * 2)
        for slot in old where slot.pages != 0 { add(slot) }
    }

    /// Says that a block is in use. False: it is not there any more.
    mutating func mark(_ fingerprint: UInt64, _ place: BlockPlace, _ epoch: UInt8) -> Bool {
        guard let slot = find(fingerprint, place) else { return false }
        slots[slot].mark = epoch
        return true
    }

    /// Marks all that may be the block of a fingerprint.
    ///
    /// - Returns: how many pages were marked that were not before.
    mutating func mark(_ fingerprint: UInt64, _ epoch: UInt8) -> Int {
        var pages = 0
        var slot = home(fingerprint)
        while slots[slot].pages != 0 {
            if slots[slot].fingerprint == fingerprint, slots[slot].mark != epoch {
                slots[slot].mark = epoch
                pages += Int(slots[slot].pages)
            }
            slot = after(slot)
        }
        return pages
    }

    /// Whether the block at a place is in the table and marked.
    func isMarked(_ fingerprint: UInt64, _ place: BlockPlace, _ epoch: UInt8) -> Bool {
        find(fingerprint, place).map { slots[$0].mark == epoch } ?? false
    }

    /// What does not have the mark of an epoch.
    func unmarked(_ epoch: UInt8) -> (blocks: Int, pages: Int) {
        var (blocks, pages) = (0, 0)
        for slot in slots where slot.pages != 0 && slot.mark != epoch {
            blocks += 1
            pages += Int(slot.pages)
        }
        return (blocks, pages)
    }

    /// Places that are not in the table are left alone. Later slots of the same run close the gap.
    mutating func remove(_ fingerprint: UInt64, _ place: BlockPlace) {
        guard var gap = find(fingerprint, place) else { return }
        count -= 1
        storedPages -= Int(place.pages)
        var slot = after(gap)
        while slots[slot].pages != 0 {
            let wanted = home(slots[slot].fingerprint)
            // The slot may move into the gap unless its home lies behind the gap.
            if (slot &- wanted) & (slots.count - 1) >= (slot &- gap) & (slots.count - 1) {
                slots[gap] = slots[slot]
                gap = slot
            }
            slot = after(slot)
        }
        slots[gap] = Slot()
    }
}
