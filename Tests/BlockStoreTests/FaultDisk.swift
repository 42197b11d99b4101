// A disk in memory that does what disks may do: forgets, tears and reorders what was not synced when power goes, and
// fails any operation it is told to. Operations that change something are counted, so that each can be tried.

import BlockStore
import Glibc
import Synchronization

final class FaultDisk: StoreDisk {
    enum Change: Sendable {
        case write(Int, [UInt8])
        case truncate(Int)
        case punch(Int, Int)

        func apply(to bytes: inout [UInt8]) {
            switch self {
            case .write(let offset, let new):
                if bytes.count < offset + new.count {
                    bytes += [UInt8](repeating: 0, count: offset + new.count - bytes.count)
                }
                bytes.replaceSubrange(offset..<offset + new.count, with: new)
            case .truncate(let size):
                if bytes.count > size { bytes.removeLast(bytes.count - size) }
                if bytes.count < size { bytes += [UInt8](repeating: 0, count: size - bytes.count) }
            case .punch(let offset, let count):
                let end = min(offset + count, bytes.count)
                if offset < end {
                    bytes.replaceSubrange(offset..<end, with: [UInt8](repeating: 0, count: end - offset))
                }
            }
        }
    }

    struct Node: Sendable {
        var durable: [UInt8] = []
        var live: [UInt8] = []
        var pending: [Change] = []
    }

    enum NameChange: Sendable {
        case set(String, Int)
        case remove(String)
        case move(String, String, Int)

        func apply(to names: inout [String: Int]) {
            switch self {
            case .set(let path, let node): names[path] = node
            case .remove(let path): names[path] = nil
            case .move(let path, let target, let node):
                names[path] = nil
                names[target] = node
            }
        }
    }

    struct State: Sendable {
        var nodes: [Int: Node] = [:]
        var live: [String: Int] = [:]
        var durable: [String: Int] = [:]
        var pending: [String: [NameChange]] = [:]
        var folders: Set<String> = []
        var nextNode = 1
        var operations = 0
        var fault = Fault.none
        var hasCrashed = false
    }

    enum Fault: Sendable, Equatable {
        case none
        /// Power goes in the middle of an operation.
        case crash(at: Int)
        /// An operation fails with an error; a sync that fails leaves what it should have synced unsynced for ever.
        case fail(at: Int, BlockStoreError)
        /// From an operation on, nothing can be written.
        case full(from: Int)
    }

    let state: Mutex<State>
    static let crashed = BlockStoreError.failed(call: "power went", errno: EIO + 1000)

    init(_ state: State = State()) { self.state = Mutex(state) }

    func set(_ fault: Fault) { state.withLock { $0.fault = fault } }
    var operations: Int { state.withLock { $0.operations } }
    var hasCrashed: Bool { state.withLock { $0.hasCrashed } }

    static func folder(of path: String) -> String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }

    /// Counts an operation. Whether it is carried out although it fails, and with which error.
    fileprivate static func begin(
        _ state: inout State, writes: Bool
    ) throws(BlockStoreError) -> BlockStoreError? {
        if state.hasCrashed { throw crashed }
        state.operations += 1
        switch state.fault {
        case .none: return nil
        case .crash(let moment):
            guard moment == state.operations else { return nil }
            state.hasCrashed = true
            // Every second one has reached the disk's cache.
            if moment % 2 == 0 { throw crashed }
            return crashed
        case .fail(let moment, let error):
            if moment == state.operations { throw error }
            return nil
        case .full(let moment):
            if writes, state.operations >= moment { throw .full }
            return nil
        }
    }

    private func change(
        writes: Bool = false, _ body: (inout State) throws(BlockStoreError) -> Void
    ) throws(BlockStoreError) {
        try state.withLock { (state) throws(BlockStoreError) in
            let failure = try FaultDisk.begin(&state, writes: writes)
            try body(&state)
            if let failure { throw failure }
        }
    }

    private static func rename(_ change: NameChange, in folder: String, _ state: inout State) {
        change.apply(to: &state.live)
        state.pending[folder, default: []].append(change)
    }

    func open(_ path: String, _ mode: OpenMode) throws(BlockStoreError) -> any StoreFile {
        var node = 0
        switch mode {
        case .existing:
            node = try state.withLock { (state) throws(BlockStoreError) in
                if state.hasCrashed { throw FaultDisk.crashed }
                guard let node = state.live[path] else { throw .failed(call: "open \(path)", errno: ENOENT) }
                return node
            }
        case .fresh:
            try change(writes: true) { state in
                if let known = state.live[path] {
                    state.nodes[known]?.live = []
                    state.nodes[known]?.pending.append(.truncate(0))
                    node = known
                    return
                }
                node = state.nextNode
                state.nextNode += 1
                state.nodes[node] = Node()
                FaultDisk.rename(.set(path, node), in: FaultDisk.folder(of: path), &state)
            }
        }
        return FaultFile(disk: self, node: node)
    }

    func names(in folder: String) throws(BlockStoreError) -> [String] {
        state.withLock { state in
            state.live.keys.filter { FaultDisk.folder(of: $0) == folder }.map { String($0.dropFirst(folder.count + 1)) }
                + state.folders.filter { FaultDisk.folder(of: $0) == folder }.map {
                    String($0.dropFirst(folder.count + 1))
                }
        }
    }

    func makeFolder(_ path: String) throws(BlockStoreError) { state.withLock { _ = $0.folders.insert(path) } }

    func rename(_ path: String, to target: String) throws(BlockStoreError) {
        try change { (state) throws(BlockStoreError) in
            guard let node = state.live[path] else { throw .failed(call: "rename \(path)", errno: ENOENT) }
            FaultDisk.rename(.move(path, target, node), in: FaultDisk.folder(of: path), &state)
        }
    }

    func link(_ path: String, to target: String) throws(BlockStoreError) {
        try change(writes: true) { (state) throws(BlockStoreError) in
            guard let node = state.live[path] else { throw .failed(call: "link \(path)", errno: ENOENT) }
            guard state.live[target] == nil else { throw .failed(call: "link \(target)", errno: EEXIST) }
            FaultDisk.rename(.set(target, node), in: FaultDisk.folder(of: target), &state)
        }
    }

    func remove(_ path: String) throws(BlockStoreError) {
        try change { state in
            guard state.live[path] != nil else { return }
            FaultDisk.rename(.remove(path), in: FaultDisk.folder(of: path), &state)
        }
    }

    func sync(folder: String) throws(BlockStoreError) {
        try change { state in
            if state.hasCrashed { return }
            for change in state.pending[folder] ?? [] { change.apply(to: &state.durable) }
            state.pending[folder] = []
        }
    }

    func lock(_ path: String) throws(BlockStoreError) -> any Sendable { true }
}

final class FaultFile: StoreFile {
    private let disk: FaultDisk
    private let node: Int

    init(disk: FaultDisk, node: Int) { (self.disk, self.node) = (disk, node) }

    private func look<Value: Sendable>(_ body: (borrowing [UInt8]) -> Value) throws(BlockStoreError) -> Value {
        try disk.state.withLock { (state) throws(BlockStoreError) in
            if state.hasCrashed { throw FaultDisk.crashed }
            return body(state.nodes[node]?.live ?? [])
        }
    }

    private func change(_ change: FaultDisk.Change, writes: Bool = false) throws(BlockStoreError) {
        try disk.state.withLock { (state) throws(BlockStoreError) in
            let failure: BlockStoreError?
            do throws(BlockStoreError) {
                failure = try FaultDisk.begin(&state, writes: writes)
            } catch {
                // A disk that is full may have taken a part.
                if error == .full, case .write(let offset, let bytes) = change {
                    apply(.write(offset, Array(bytes.prefix(bytes.count / 2))), &state)
                }
                throw error
            }
            apply(change, &state)
            if let failure { throw failure }
        }
    }

    private func apply(_ change: FaultDisk.Change, _ state: inout FaultDisk.State) {
        guard var file = state.nodes.removeValue(forKey: node) else { return }
        change.apply(to: &file.live)
        file.pending.append(change)
        state.nodes[node] = file
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(BlockStoreError) -> Int {
        nonisolated(unsafe) let buffer = buffer
        return try look { bytes in
            let count = max(0, min(buffer.count, bytes.count - offset))
            bytes.withUnsafeBytes { source in
                if count > 0 {
                    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + count]))
                }
            }
            return count
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(BlockStoreError) {
        try change(.write(offset, Array(bytes)), writes: true)
    }

    func truncate(to size: Int) throws(BlockStoreError) { try change(.truncate(size)) }

    func sync() throws(BlockStoreError) {
        try disk.state.withLock { (state) throws(BlockStoreError) in
            let failure: BlockStoreError?
            do throws(BlockStoreError) {
                failure = try FaultDisk.begin(&state, writes: false)
            } catch {
                if error != FaultDisk.crashed { state.nodes[node]?.pending = [] }
                throw error
            }
            guard failure == nil, var file = state.nodes.removeValue(forKey: node) else {
                throw failure ?? FaultDisk.crashed
            }
            for change in file.pending { change.apply(to: &file.durable) }
            file.pending = []
            state.nodes[node] = file
        }
    }

    func beginWriting(at offset: Int, count: Int) {}
    func punch(at offset: Int, count: Int) throws(BlockStoreError) { try change(.punch(offset, count)) }
    func size() throws(BlockStoreError) -> Int { try look { $0.count } }

    /// Pages with anything in them.
    func allocatedBytes() throws(BlockStoreError) -> Int {
        try look { bytes in
            stride(from: 0, to: bytes.count, by: 4096).count { page in
                bytes[page..<min(page + 4096, bytes.count)].contains { $0 != 0 }
            } * 4096
        }
    }

    func nextData(from offset: Int) throws(BlockStoreError) -> Int? {
        try look { bytes in
            if offset >= bytes.count { return nil }
            return bytes.withUnsafeBytes { all in
                stride(from: offset / 4096 * 4096, to: all.count, by: 4096).first { page in
                    let part = all[max(page, offset)..<min(page + 4096, all.count)]
                    return !BlockScan.isZero(UnsafeRawBufferPointer(rebasing: part))
                }.map { max($0, offset) }
            }
        }
    }
}

/// What the power cut leaves of what was not synced.
enum Loss: CaseIterable, Sendable {
    case everything, nothing, some
}

extension FaultDisk {
    /// The disk as it is found when power is back.
    func afterCrash(_ loss: Loss, seed: UInt64) -> FaultDisk {
        var generator = SeededGenerator(seed)
        var state = self.state.withLock { $0 }
        for folder in state.pending.keys.sorted() {
            let changes = state.pending[folder] ?? []
            // A journal keeps the order of a folder's changes.
            let kept =
                switch loss {
                case .everything: 0
                case .nothing: changes.count
                case .some: Int.random(in: 0...changes.count, using: &generator)
                }
            for change in changes.prefix(kept) { change.apply(to: &state.durable) }
        }
        for node in state.nodes.keys.sorted() {
            guard var file = state.nodes.removeValue(forKey: node) else { continue }
            for change in file.pending { FaultDisk.keep(change, loss, of: &file.durable, &generator) }
            state.nodes[node] = Node(durable: file.durable, live: file.durable)
        }
        (state.live, state.pending) = (state.durable, [:])
        (state.operations, state.fault, state.hasCrashed) = (0, .none, false)
        return FaultDisk(state)
    }

    private static func keep(
        _ change: Change, _ loss: Loss, of bytes: inout [UInt8], _ generator: inout SeededGenerator
    ) {
        switch loss {
        case .everything: return
        case .nothing: change.apply(to: &bytes)
        case .some:
            switch (change, Int.random(in: 0..<3, using: &generator)) {
            case (_, 0): return
            case (.write(let offset, let new), 1):
                // Torn: some of its sectors.
                for start in stride(from: 0, to: new.count, by: 512) where Bool.random(using: &generator) {
                    Change.write(offset + start, Array(new[start..<min(start + 512, new.count)])).apply(to: &bytes)
                }
            case (.punch(let offset, let count), 1):
                for start in stride(from: 0, to: count, by: 4096) where Bool.random(using: &generator) {
                    Change.punch(offset + start, min(4096, count - start)).apply(to: &bytes)
                }
            case (_, _): change.apply(to: &bytes)
            }
        }
    }
}
