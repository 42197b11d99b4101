// Puts blocks into a block store and takes them out again, and tells how long that took and how much processor time.
//
// Usage: BlockBench take FILE STORE THREADS       a first snapshot of FILE, durable; a snapshot's whole work of the store
//        BlockBench put STORE THREADS COUNT TEXT  COUNT blocks, each durable before the thread's next; TEXT 1: like text
//        BlockBench get STORE THREADS             every block of what `put` made, once
// With `sealed` at the end: under a key.
// Prints a line of JSON: count, seconds, cpu (seconds of processor time), p50 and p99 of one block in microseconds.

import BlockStore
import CloudTypes
import Crypto
import Glibc
import Synchronization

@main
struct BlockBench {
    private static let key =
        CommandLine.arguments.last == "sealed"
        ? BlockKey(secret: SymmetricKey(data: [UInt8](repeating: 7, count: 32))) : nil

    static func main() throws {
        let arguments = key == nil ? CommandLine.arguments : CommandLine.arguments.dropLast()
        guard arguments.count >= 4, let id = SnapshotID("snap-00000001") else { usage() }
        switch (arguments[1], arguments.count) {
        case ("take", 5): try take(arguments[2], arguments[3], threads: Int(arguments[4]) ?? 1, id)
        case ("put", 6):
            try put(
                arguments[2], threads: Int(arguments[3]) ?? 1, count: Int(arguments[4]) ?? 1, arguments[5] == "1",
                id)
        case ("get", 4): try get(arguments[2], threads: Int(arguments[3]) ?? 1, id)
        default: usage()
        }
    }

    static func usage() -> Never {
        print("usage: BlockBench take FILE STORE THREADS | put STORE THREADS COUNT TEXT | get STORE THREADS [sealed]")
        exit(64)
    }

    private static func take(_ path: String, _ directory: String, threads: Int, _ id: SnapshotID) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        let bytes = Int(lseek(file, 0, SEEK_END))
        guard file >= 0, bytes > 0 else { usage() }
        let store = try BlockStore(directory: directory)
        let draft = try store.begin(id, volumeBytes: bytes, key: key)
        var run = Run(threads: threads, count: draft.blockCount)
        try run.perform { index, buffer in
            let length = pread(file, buffer.baseAddress, Block.byteCount, index * Block.byteCount)
            guard length > 0 else { exit(1) }
            UnsafeMutableRawBufferPointer(rebasing: buffer[length...]).initializeMemory(as: UInt8.self, repeating: 0)
            try draft.put(UnsafeRawBufferPointer(buffer), at: index)
        }
        try run.time { try draft.commit() }
        run.tell(store)
    }

    private static func put(_ directory: String, threads: Int, count: Int, _ isText: Bool, _ id: SnapshotID) throws {
        let store = try BlockStore(directory: directory)
        let draft = try store.begin(id, volumeBytes: count * Block.byteCount, key: key)
        var run = Run(threads: threads, count: count)
        run.prepare = { index, buffer in Content.fill(buffer, number: index, isText: isText) }
        try run.perform { index, buffer in
            try draft.put(UnsafeRawBufferPointer(buffer), at: index)
            try draft.flush()
        }
        try draft.commit()
        run.tell(store)
    }

    private static func get(_ directory: String, threads: Int, _ id: SnapshotID) throws {
        let store = try BlockStore(directory: directory)
        let snapshot = try store.snapshot(id, key: key)
        var run = Run(threads: threads, count: snapshot.blockCount)
        try run.perform { index, buffer in try snapshot.read(at: index, into: buffer) }
        run.tell(store)
    }
}

/// What blocks hold: random bytes, or words of a small vocabulary, which compress about as text does.
enum Content {
    static func fill(_ buffer: UnsafeMutableRawBufferPointer, number: Int, isText: Bool) {
        var state = UInt64(number + 1) &* 0x9e37_79b9_7f4a_7c15
        for place in stride(from: 0, to: buffer.count, by: 8) {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            let word = isText ? 0x2065_6c70_6d61_7365 &+ (state & 0x0003_0703_000f_1f07) : state
            buffer.storeBytes(of: word, toByteOffset: place, as: UInt64.self)
        }
    }
}

/// Threads that take one index after the other, and what that cost.
struct Run {
    let threads: Int
    let count: Int
    /// Done before each block and not measured.
    var prepare: (@Sendable (Int, UnsafeMutableRawBufferPointer) -> Void)?
    private var seconds = 0.0
    private var cpu = 0.0
    private var times: [Double] = []

    init(threads: Int, count: Int) { (self.threads, self.count) = (threads, count) }

    private final class Work: Sendable {
        let next = Atomic(0)
        let times = Mutex<[Double]>([])
        let preparing = Mutex<(wall: Double, cpu: Double)>((0, 0))
    }

    static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    mutating func time(_ body: () throws -> Void) throws {
        let (wall, used) = (Run.now(CLOCK_MONOTONIC), Run.now(CLOCK_PROCESS_CPUTIME_ID))
        try body()
        seconds += Run.now(CLOCK_MONOTONIC) - wall
        cpu += Run.now(CLOCK_PROCESS_CPUTIME_ID) - used
    }

    mutating func perform(_ body: @escaping @Sendable (Int, UnsafeMutableRawBufferPointer) throws -> Void) throws {
        let (count, threads, prepare) = (count, threads, prepare)
        let work = Work()
        let oneThread: @Sendable () -> Void = {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Block.byteCount, alignment: 4096)
            defer { buffer.deallocate() }
            var times: [Double] = []
            var prepared = (wall: 0.0, cpu: 0.0)
            while true {
                let index = work.next.wrappingAdd(1, ordering: .relaxed).oldValue
                if index >= count { break }
                if let prepare {
                    let (wall, used) = (Run.now(CLOCK_MONOTONIC), Run.now(CLOCK_THREAD_CPUTIME_ID))
                    prepare(index, buffer)
                    prepared.wall += Run.now(CLOCK_MONOTONIC) - wall
                    prepared.cpu += Run.now(CLOCK_THREAD_CPUTIME_ID) - used
                }
                let began = Run.now(CLOCK_MONOTONIC)
                do { try body(index, buffer) } catch {
                    print("block \(index): \(error)")
                    exit(1)
                }
                times.append((Run.now(CLOCK_MONOTONIC) - began) * 1e6)
            }
            work.times.withLock { $0 += times }
            work.preparing.withLock { $0 = ($0.wall + prepared.wall, $0.cpu + prepared.cpu) }
        }
        try time {
            let started = (0..<threads).map { _ in Run.start(oneThread) }
            for thread in started { pthread_join(thread, nil) }
        }
        times = work.times.withLock { $0.sorted() }
        let prepared = work.preparing.withLock { $0 }
        seconds -= prepared.wall / Double(threads)
        cpu -= prepared.cpu
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Body(body))
        pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        return thread
    }

    func tell(_ store: BlockStore) {
        func percentile(_ part: Double) -> Int {
            times.isEmpty ? 0 : Int(times[min(times.count - 1, Int(Double(times.count) * part))])
        }
        print(
            "{\"count\": \(count), \"seconds\": \(seconds), \"cpu\": \(cpu), \"p50\": \(percentile(0.5)),"
                + " \"p99\": \(percentile(0.99)), \"bytes\": \(store.total().bytes)}")
    }
}
