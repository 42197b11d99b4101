import ArgumentParser
import CloudStore
import CloudTypes
import ControlPlane
import HTTPListener
import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// `apus up`: all of Apus on one host, in the foreground.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the cloud on this host, in the foreground.",
        discussion: """
            Prints one line `ready http://127.0.0.1:PORT` when it serves; logs go to standard error.
            SIGTERM ends serving and leaves guests running; the next `apus up` on the same state adopts them.
            """)

    @OptionGroup var state: StateOptions
    @Option(help: "The port on 127.0.0.1; 0 takes a free one.") var port = 4566
    @Option(help: "The region that the cloud calls itself; default: the one it was made with, us-east-1 for a new one.")
    var region: String?
    @Flag(help: "Simulated guests, disks and networks: needs no root and no QEMU.") var simulate = false
    @Option(help: "Processors of the simulated host; as many as anyone wants where nothing is said.")
    var simulatedProcessors: Int?
    @Option(help: "GiB of memory of the simulated host, likewise.") var simulatedMemory: Int?
    @Option(help: "Public addresses that this host routes to its guests.") var publicPool = "198.18.0.0/16"
    @Option(help: "Let guests reach out through this interface of the host.") var uplink: String?
    @Option(help: "Another bound than AWS's default, as NAME=COUNT (repeatable): \(QuotaOverride.names).")
    var quota: [QuotaOverride] = []
    @Option(help: "How often an account may ask, in multiples of AWS's own rates (1: AWS's), or off.")
    var throttle = ThrottleOption.times(100)
    @Option(help: "Seconds for which a VPC's network is kept for the next launch when its last guest is gone.")
    var keepNetworks = 60
    @Option(help: "Per cent of AWS's size that instance store volumes have here; they take space as they are written.")
    var instanceStorePercent = 100
    @Option(help: "vCPUs that guests get in all for each of the host's processors.") var processorOvercommit = 16.0
    @Option(
        help:
            "Racks that the host counts as in each zone: a spread placement group takes an instance for each, and who has dedicated instances keeps one to itself."
    )
    var racks = 7
    @Option(
        help:
            "With --simulate: GPUs of the host, as MODEL=COUNT (repeatable): t4=4. Without it as many as are asked for."
    )
    var gpu: [String] = []
    @Option(help: "How many times the host's memory is given out to guests.") var memoryOvercommit = 1.0
    @Option(help: "Seconds that a spot instance is told before it is taken away.") var spotNotice = 120
    @Option(help: "trace, debug, info, notice, warning or error.") var logLevel = "info"

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port is 0 to 65535.") }
        guard let pool = CIDRBlock(publicPool), (8...28).contains(pool.prefix) else {
            throw ValidationError("--public-pool is a block such as 198.18.0.0/16, /8 to /28.")
        }
        guard region.map(RegionName.isOne) ?? true else {
            throw ValidationError("--region is a name such as us-east-1.")
        }
        guard uplink == nil || !simulate else {
            throw ValidationError("--uplink is for real guests; simulated ones reach nothing.")
        }
        guard simulate || (simulatedProcessors == nil && simulatedMemory == nil) else {
            throw ValidationError("--simulated-processors and --simulated-memory are for a simulated host.")
        }
        guard [simulatedProcessors, simulatedMemory].allSatisfy({ (1...1 << 30).contains($0 ?? 1) }) else {
            throw ValidationError("A simulated host has one processor and one GiB of memory at least.")
        }
        guard keepNetworks >= 0 else { throw ValidationError("--keep-networks is a number of seconds.") }
        guard (1...100).contains(instanceStorePercent) else {
            throw ValidationError("--instance-store-percent is 1 to 100.")
        }
        guard (0.1...1_000).contains(processorOvercommit), (0.1...10).contains(memoryOvercommit) else {
            throw ValidationError("--processor-overcommit is 0.1 to 1000, --memory-overcommit 0.1 to 10.")
        }
        guard gpu.isEmpty || simulate else {
            throw ValidationError("--gpu is for simulated hosts; `apus doctor` tells what real ones have.")
        }
        guard gpu.allSatisfy({ Up.gpu($0) != nil }) else {
            throw ValidationError("--gpu is MODEL=COUNT, such as t4=4.")
        }
        guard (0...86_400).contains(spotNotice) else { throw ValidationError("--spot-notice is 0 to 86400 seconds.") }
        guard (1...7).contains(racks) else { throw ValidationError("--racks is 1 to 7.") }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level \(logLevel) is unknown.")
        }
    }

    private static func gpu(_ text: String) -> (String, Int)? {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let count = Int(parts[1]), count >= 0 else { return nil }
        return (String(parts[0]), count)
    }

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var log = Logger(label: "apus")
        log.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        signal(SIGPIPE, SIG_IGN)
        let directory = state.directory
        do {
            try directory.check(isSimulated: simulate)
            var overcommit = Overcommit()
            (overcommit.processors, overcommit.memory) = (processorOvercommit, memoryOvercommit)
            let gpus = Dictionary(gpu.compactMap(Up.gpu), uniquingKeysWith: +)
            var options = Daemon.Options(
                directory: directory, port: port, region: try directory.region(wished: region), isSimulated: simulate,
                publicPool: CIDRBlock(publicPool), uplink: uplink, quotas: quota,
                idleNetworkSeconds: keepNetworks, instanceStorePercent: instanceStorePercent,
                overcommit: overcommit, racks: racks, throttle: throttle, spotNotice: Double(spotNotice),
                simulatedProcessors: simulatedProcessors, simulatedMemoryGiB: simulatedMemory)
            options.gpus = gpus.isEmpty ? nil : gpus
            try await Daemon(options: options, log: log).run(until: Termination.awaited) { endpoint in
                print("ready \(endpoint.url)")
                fflush(nil)
            }
        } catch let failure as CommandFailure {
            log.critical("\(failure)")
            throw ExitCode(2)
        } catch StoreError.alreadyInUse(let pid) {
            log.critical(
                "Another Apus serves on \(directory.path) already, pid \(pid.map { "\($0)" } ?? "unknown").")
            throw ExitCode(2)
        } catch HTTPListenerError.cannotListen(.unixSocket(let path), let reason) {
            log.critical("Apus cannot listen on \(path): \(reason). Choose another --state-dir.")
            throw ExitCode(2)
        } catch HTTPListenerError.cannotListen(_, let reason) {
            log.critical("Apus cannot listen on 127.0.0.1:\(port): \(reason). Choose another port with --port.")
            throw ExitCode(2)
        } catch {
            log.critical("Apus cannot serve: \(error)")
            throw ExitCode.failure
        }
    }
}

enum RegionName {
    /// Whether it reads like a region's name: `us-east-1`, `us-gov-west-1`.
    static func isOne(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let (words, number) = (parts.dropLast(), parts.last ?? "")
        return words.count >= 2 && words.allSatisfy { !$0.isEmpty && $0.allSatisfy { ("a"..."z").contains($0) } }
            && !number.isEmpty && number.allSatisfy { ("0"..."9").contains($0) }
    }
}
