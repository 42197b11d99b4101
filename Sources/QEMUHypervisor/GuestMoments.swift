// Moments of a guest's volumes, as its monitor holds them: before a cluster is overwritten its old bytes go into the
// moment's file, whose backing is the volume itself; a bitmap in the volume's own file keeps what changes from then on.
// A moment that was held by others before has files of theirs above this one.
// Follows: QEMU documentation, "Live Block Device Operations" (fleecing), "Dirty Bitmaps and Incremental Backup".

import Backends
import CloudTypes
import Glibc
import HostSystem
import JSON
import NodeContract
import QMP

/// What QEMU calls the pieces of a moment; the bitmap is named after the snapshot too.
struct MomentNames: Sendable {
    let snapshot: SnapshotID
    let volume: VolumeID
    init(_ moment: GuestMoment) { (snapshot, volume) = (moment.snapshot, moment.volume) }

    /// The node to read from, the job that keeps it, the export, and its name.
    var moment: String { snapshot.description }
    /// The nodes of its files, and their own files' nodes, by place: 0 is the oldest.
    func layer(_ place: Int) -> String { place == 0 ? moment : "\(snapshot)-\(place)" }
    func file(_ place: Int) -> String { place == 0 ? "\(snapshot)-f" : "\(snapshot)-f\(place)" }
    /// The node that sees what is about to be overwritten.
    var filter: String { "\(snapshot)-c" }
    /// Whose descriptor it is; found again by the volume.
    var use: String { "\(volume)/\(snapshot)" }
}

/// A record of what changed in a node.
struct ChangeBitmap: Sendable, Equatable {
    let snapshot: SnapshotID
    let isRecording: Bool
    /// It was not closed in good order and says nothing.
    let isVoid: Bool
    /// Someone is being told of it.
    let isBusy: Bool

    /// nil for one that is not ours.
    init?(_ value: JSONValue) {
        guard let snapshot = value["name"]?.text.flatMap({ SnapshotID($0) }) else { return nil }
        self.snapshot = snapshot
        isRecording = value["recording"]?.flag ?? false
        isVoid = value["inconsistent"]?.flag ?? false
        isBusy = value["busy"]?.flag ?? false
    }
}

extension GuestDisks {
    /// What a change is told by: the unit of snapshots.
    private static let granularity: Int64 = 524_288

    /// The jobs of the block layer that run.
    func jobs() async throws(QMPError) -> Set<String> {
        Set((try await monitor.execute("query-jobs").elements ?? []).compactMap { $0["id"]?.text })
    }

    /// Of a job that goes from the first byte to the last; nil where there is none.
    func progress(of job: String) async throws(QMPError) -> Int64? {
        let jobs = try await monitor.execute("query-jobs").elements ?? []
        return jobs.first { $0["id"]?.text == job }?["current-progress"]?.integer
    }

    /// Moments whose files are open, and what is to be done at their instant.
    struct ReadyMoments: Sendable {
        fileprivate let moments: [GuestMoment]
        fileprivate var actions: [JSONValue] = []
    }

    /// Holds those moments that are not held, all in one transaction of the monitor, which stands the guest's writes
    /// still while it lasts.
    func hold(_ moments: [GuestMoment]) async throws(Failure) {
        let ready = try await prepare(moments)
        do throws(Failure) { try await arm(ready, within: .seconds(30)) } catch {
            await close(ready)
            throw error
        }
    }

    /// Those that are held are left out.
    func prepare(_ moments: [GuestMoment]) async throws(Failure) -> ReadyMoments {
        let (view, jobs): (View, Set<String>)
        do { (view, jobs) = (try await look(), try await self.jobs()) } catch { throw .monitor(error) }
        var ready = ReadyMoments(moments: moments.filter { !jobs.contains(MomentNames($0).moment) })
        do {
            for moment in ready.moments {
                guard view.nodes[BlockNames(moment.volume).data] != nil else {
                    throw Failure.impossible("the guest has no \(moment.volume)")
                }
                try await clear(MomentNames(moment), view)
                try await open(moment, view)
                ready.actions += try await actions(for: moment, view)
            }
        } catch {
            await close(ready)
            throw Failure(error)
        }
        return ready
    }

    func arm(_ ready: ReadyMoments, within limit: Duration) async throws(Failure) {
        guard !ready.actions.isEmpty else { return }
        do throws(QMPError) {
            try await monitor.execute("transaction", ["actions": .array(ready.actions)], within: limit)
        } catch { throw .monitor(error) }
    }

    private func close(_ ready: ReadyMoments) async {
        for moment in ready.moments { if let view = try? await look() { try? await clear(MomentNames(moment), view) } }
    }

    /// What opens the volume opens its moments, and is in the guest's machine as long as the volume is. Only the last file
    /// is written to.
    private func open(_ moment: GuestMoment, _ view: View) async throws {
        var beneath = BlockNames(moment.volume).data
        for place in moment.files.indices.reversed() {
            try await open(moment, place, over: beneath, view)
            beneath = MomentNames(moment).layer(place)
        }
    }

    private func open(_ moment: GuestMoment, _ place: Int, over beneath: String, _ view: View) async throws {
        let (names, volume) = (MomentNames(moment), BlockNames(moment.volume))
        let (path, isTarget) = (moment.files[place], place == moment.files.count - 1)
        let flags = isTarget ? O_RDWR : O_RDONLY
        let file = try OwnedDescriptor(Glibc.open(path, flags | O_CLOEXEC), "open \(path)")
        let set = try await monitor.add(file.number, for: names.use).set
        withExtendedLifetime(file) {}
        try await monitor.execute(
            "blockdev-add",
            [
                "driver": "file", "node-name": .string(names.file(place)), "filename": .string("/dev/fdset/\(set)"),
                "read-only": .bool(!isTarget), "discard": "unmap",
            ])
        var node: [String: JSONValue] = [
            "driver": "qcow2", "node-name": .string(names.layer(place)), "file": .string(names.file(place)),
            "read-only": .bool(!isTarget), "backing": .string(beneath),
        ]
        if view.groups.contains(volume.secret) { node["encrypt"] = volume.encryption }
        try await monitor.execute("blockdev-add", .object(node))
    }

    private func actions(for moment: GuestMoment, _ view: View) async throws -> [JSONValue] {
        let (names, data) = (MomentNames(moment), BlockNames(moment.volume).data)
        var actions: [JSONValue] = [
            [
                "type": "blockdev-backup",
                "data": [
                    "device": .string(data), "target": .string(names.layer(moment.files.count - 1)),
                    "job-id": .string(names.moment), "sync": "none", "filter-node-name": .string(names.filter),
                ],
            ]
        ]
        guard moment.marksChanges else { return actions }
        for bitmap in view.bitmaps[data] ?? [] {
            let named: JSONValue = ["node": .string(data), "name": .string(bitmap.snapshot.description)]
            if bitmap.isVoid || bitmap.snapshot == moment.snapshot {
                try await monitor.execute("block-dirty-bitmap-remove", named)
            } else if bitmap.isRecording {
                actions.append(["type": "block-dirty-bitmap-disable", "data": named])
            }
        }
        actions.append([
            "type": "block-dirty-bitmap-add",
            "data": [
                "node": .string(data), "name": .string(names.moment), "granularity": .integer(GuestDisks.granularity),
                "persistent": true,
            ],
        ])
        return actions
    }

    /// Removes what is there of a moment that is not held.
    func clear(_ names: MomentNames, _ view: View) async throws(QMPError) {
        // There are no more files than nodes; none is removed before what lies above it.
        for place in 0..<view.nodes.count {
            for node in [names.layer(place), names.file(place)] where view.nodes[node] != nil {
                try await monitor.execute("blockdev-del", ["node-name": .string(node)])
            }
        }
        for descriptor in view.descriptors[names.use] ?? [] { try await monitor.remove(descriptor) }
    }

    /// Serves the moment by NBD; the guest's server listens from the first one on, as long as the guest lives.
    func serve(
        _ moment: GuestMoment, changedSince parent: SnapshotID?, at path: String
    ) async throws(Failure) -> MomentSource {
        let names = MomentNames(moment)
        do {
            try await listen(at: path)
            let known = try await look().bitmaps[BlockNames(moment.volume).data] ?? []
            let since = known.first { $0.snapshot == parent && !$0.isRecording && !$0.isVoid }
            let exports = try await monitor.execute("query-block-exports").elements ?? []
            if exports.contains(where: { $0["id"]?.text == names.moment }) {
                try await monitor.execute("block-export-del", ["id": .string(names.moment), "mode": "hard"])
            }
            var export: [String: JSONValue] = [
                "type": "nbd", "id": .string(names.moment), "node-name": .string(names.moment),
                "name": .string(names.moment),
            ]
            if let since {
                let bitmap: JSONValue = [
                    "node": .string(BlockNames(moment.volume).data), "name": .string(since.snapshot.description),
                ]
                export["bitmaps"] = .array([bitmap])
            }
            try await monitor.execute("block-export-add", .object(export))
            return MomentSource(
                socketPath: path, export: names.moment,
                changes: since.map { "qemu:dirty-bitmap:\($0.snapshot)" })
        } catch {
            throw Failure(error)
        }
    }

    /// The process serves at that socket what it exports, from now on.
    func listen(at path: String) async throws {
        let address: JSONValue = ["type": "fd", "data": ["str": "moments"]]
        if let other = try? UnixSocket.connect(path) {
            other.close()
            // It listens already, save where we died when it had the socket and nothing more.
            do throws(QMPError) { try await monitor.execute("nbd-server-start", ["addr": address]) } catch {
                guard case .refused = error else { throw error }
            }
            return
        }
        let socket = try UnixSocket.listen(path)
        try await monitor.give(socket.number, as: "moments")
        withExtendedLifetime(socket) {}
        try await monitor.execute("nbd-server-start", ["addr": address])
    }

    /// Forgets what changed between moments that nobody asks about any more.
    func dropBitmaps(of volume: VolumeID, keeping kept: Set<SnapshotID>) async throws(QMPError) {
        let data = BlockNames(volume).data
        // One of which someone is being told is whole, and goes later.
        for bitmap in try await look().bitmaps[data] ?? [] where !kept.contains(bitmap.snapshot) && !bitmap.isBusy {
            try await monitor.execute(
                "block-dirty-bitmap-remove",
                ["node": .string(data), "name": .string(bitmap.snapshot.description)])
        }
    }
}
