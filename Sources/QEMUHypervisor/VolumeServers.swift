// The volumes that several guests have, and what serves each: found here from the first guest that is about to have one.

import CloudTypes
import HostSystem
import NodeContract
import Synchronization

final class VolumeServers: Sendable {
    private let folder: String
    private let surroundings: VolumeServer.Surroundings
    /// Of those that any guest had since we began.
    private let servers = Mutex<[VolumeID: VolumeServer]>([:])

    init(folder: String, surroundings: VolumeServer.Surroundings) {
        (self.folder, self.surroundings) = (folder, surroundings)
    }

    /// nil where no guest has the volume, or one has it for itself.
    func serving(_ volume: VolumeID) async -> VolumeServer? {
        guard let server = servers.withLock({ $0[volume] }), await server.hasUsers else { return nil }
        return server
    }

    /// What serves the volume, or is about to.
    func server(of volume: VolumeID) -> VolumeServer {
        servers.withLock { servers in
            if let server = servers[volume] { return server }
            let server = VolumeServer(volume, folder: ServerFolder(volume, in: folder), surroundings: surroundings)
            servers[volume] = server
            return server
        }
    }

    /// One more guest is about to have the volume, where others have it. False where none has.
    func welcome(_ guest: GuestRun, to volume: VolumeID) async -> Bool {
        guard let server = servers.withLock({ $0[volume] }) else { return false }
        return await server.welcome(guest)
    }

    /// Nothing of the instance up to that launch, or of all its launches, has any of the volumes any more.
    func leave(_ instance: InstanceID, upTo launch: Int? = nil) async {
        for server in servers.withLock({ $0 }).values { await server.leave(instance, upTo: launch) }
    }

    /// Finds what an earlier run of ours left to the guests that run.
    ///
    /// - Returns: the user that each runs as.
    func adopt(for runs: Set<GuestRun>) async -> [VolumeID: UInt32] {
        var users: [VolumeID: UInt32] = [:]
        for volume in SmallFile.names(in: folder).compactMap({ VolumeID($0) }) {
            let server = server(of: volume)
            if await server.adopt(runs) { users[volume] = await server.userID }
        }
        return users
    }

    /// Lets go of them, which run on.
    func detach() async {
        for server in servers.withLock({ $0 }).values { await server.detach() }
    }
}
