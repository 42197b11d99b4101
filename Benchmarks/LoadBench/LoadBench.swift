// Sends prepared HTTP requests over so many connections, each as fast as its answers come, and tells how long that took.
// The requests are signed beforehand, so that the client costs as little as it can. Loopback only.
//
// Usage: LoadBench PORT CONNECTIONS FILE
// FILE holds requests, each after its length (four bytes, the lowest first). Prints a line of JSON: how many requests,
// seconds, and percentiles of one answer's time in microseconds.

import Glibc
import Synchronization

@main
struct LoadBench {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let port = UInt16(arguments[1]), let connections = Int(arguments[2]),
            (1...1024).contains(connections), let requests = Requests(path: arguments[3])
        else {
            print("usage: LoadBench PORT CONNECTIONS FILE")
            exit(64)
        }
        let run = Run(port: port, requests: requests)
        let clock = ContinuousClock()
        let began = clock.now
        let threads = (0..<connections).map { _ in start { run.work() } }
        for thread in threads { pthread_join(thread, nil) }
        let seconds = (clock.now - began).seconds
        let times = run.times.withLock { $0.sorted() }
        guard times.count == requests.count else {
            print("only \(times.count) of \(requests.count) requests were answered 200")
            exit(1)
        }
        func percentile(_ part: Double) -> Int { Int(times[min(times.count - 1, Int(Double(times.count) * part))]) }
        print(
            "{\"count\": \(times.count), \"seconds\": \(seconds), \"p50\": \(percentile(0.5)),"
                + " \"p99\": \(percentile(0.99)), \"max\": \(percentile(1))}")
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
}

/// The requests of a file.
struct Requests: Sendable {
    private let bytes: [UInt8]
    private let ranges: [Range<Int>]
    var count: Int { ranges.count }
    subscript(number: Int) -> ArraySlice<UInt8> { bytes[ranges[number]] }

    init?(path: String) {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        var bytes = [UInt8](repeating: 0, count: ftell(file))
        rewind(file)
        guard fread(&bytes, 1, bytes.count, file) == bytes.count else { return nil }
        var ranges: [Range<Int>] = []
        var place = 0
        while place + 4 <= bytes.count {
            let length = (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
            guard place + 4 + length <= bytes.count else { return nil }
            ranges.append(place + 4..<place + 4 + length)
            place += 4 + length
        }
        guard !ranges.isEmpty else { return nil }
        (self.bytes, self.ranges) = (bytes, ranges)
    }
}

/// What all connections share: the next request, and the times of those answered.
final class Run: Sendable {
    let times = Mutex<[Double]>([])
    private let next = Atomic<Int>(0)
    private let port: UInt16
    private let requests: Requests

    init(port: UInt16, requests: Requests) { (self.port, self.requests) = (port, requests) }

    func work() {
        guard let connection = Connection(port: port) else { return }
        let clock = ContinuousClock()
        var own: [Double] = []
        while true {
            let number = next.add(1, ordering: .relaxed).oldValue
            guard number < requests.count else { break }
            let began = clock.now
            guard connection.send(requests[number]), connection.receive() == 200 else { break }
            own.append((clock.now - began).seconds * 1e6)
        }
        times.withLock { $0 += own }
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
