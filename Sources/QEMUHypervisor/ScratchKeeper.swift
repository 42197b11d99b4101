// Holds the instance store of a guest that is off for a while: a process that does nothing else, so that a kill of ours loses
// nothing. It is found by the file that it watches. With its end the last descriptors are gone, as with the guest's process.

import Backends
import CloudTypes
import Glibc
import HostSystem
import JSON
import NodeContract
import QMP

struct ScratchKeeper: Sendable {
    /// Nothing is in the file.
    private let path: String
    private static let firstDescriptor: Int32 = 3

    init(_ directory: GuestDirectory) { path = directory.path + "/kept-instance-store" }

    private var identity: ProcessIdentity? {
        access(path, F_OK) == 0 ? ProcessTable.process(withArgument: path) : nil
    }

    var isHolding: Bool { identity != nil }

    func hold(_ disks: ScratchDisks) async throws(HypervisorError) {
        do {
            _ = try OwnedDescriptor(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600), "open \(path)")
            let inherited = ([disks.key] + disks.files).enumerated().map { place, file in
                (file.number, ScratchKeeper.firstDescriptor + Int32(place))
            }
            let pid = try await HostCommand.spawnDetached(
                ["tail", "-f", path], inheriting: Dictionary(inherited) { $1 })
            // Reaped when it ends.
            _ = try ProcessWatch(pid)
        } catch {
            throw .hostFailed("the instance store could not be kept: \(error)")
        }
        withExtendedLifetime(disks) {}
    }

    /// nil where nothing is held, or not as many disks.
    func disks(count: Int) -> ScratchDisks? {
        guard let identity else { return nil }
        let files = (0...count).compactMap { place in
            let number = ScratchKeeper.firstDescriptor + Int32(place)
            return ScratchDisks.open(number, of: identity, place == 0 ? O_RDONLY : O_RDWR)
        }
        return files.count == count + 1 ? ScratchDisks(key: files[0], files: Array(files.dropFirst())) : nil
    }

    /// Returns once nothing is held.
    func end() async {
        guard access(path, F_OK) == 0 else { return }
        if let identity, let process = try? ProcessWatch(identity) {
            process.signal(SIGKILL)
            _ = await process.waitForEnd()
        }
        unlink(path)
    }
}

extension Guest {
    /// From now on the instance store outlives the guest's process, until it is dropped; done where the guest has none, or
    /// is gone.
    func keepScratch() async throws(HypervisorError) {
        guard case .running(let running) = state, !running.record.spec.scratch.isEmpty else { return }
        let keeper = ScratchKeeper(directory)
        guard !keeper.isHolding, let identity = ProcessIdentity(of: running.process.pid) else { return }
        do {
            let sets = try await running.monitor.execute("query-fdsets").elements ?? []
            let open = sets.flatMap { $0["fds"]?.elements ?? [] }
            let numbers = running.record.spec.scratch.compactMap { disk in
                open.first { $0["opaque"]?.text == ScratchArguments.name(of: disk) }?["fd"]?.integer
            }
            guard let disks = ScratchDisks(files: numbers.map { Int32($0) }, of: identity),
                disks.files.count == running.record.spec.scratch.count
            else { throw QMPError.malformed("\(sets)") }
            try await keeper.hold(disks)
        } catch {
            // A guest that ended meanwhile has nothing left to be kept.
            guard running.process.end == nil else { return }
            throw .monitorFailed(id, "\(error)")
        }
    }

    /// What was kept is erased, save what a guest that runs has.
    func dropScratch() async { await ScratchKeeper(directory).end() }
}
