// Volumes as qcow2 files of this host, each opened by QEMU itself. A volume from a snapshot is an overlay on that
// snapshot's one read-only base where it has one, never on a chain, and on a feed of the snapshot's blocks where not.
// All files are ours alone: guests get them as open descriptors.

package import Backends
package import CloudTypes
import DiskFormats
import Glibc
import HostSystem
package import KeyRing
package import NodeContract

package actor QCOW2Volumes: VolumeBackend {
    /// Commands that must be on the search path.
    package static let requiredCommands = ["qemu-img", "prlimit"]

    let volumeFiles: VolumeDirectory
    let baseFiles: VolumeDirectory
    let momentFiles: VolumeDirectory
    let feedFiles: VolumeDirectory
    let keys: KeyRing
    /// Bases under encrypted volumes that are being made.
    private(set) var claims: [SnapshotID] = []

    /// - Parameters:
    ///   - directory: must exist; `volumes/`, `bases/`, `moments/` and `feeds/` are made in it.
    ///   - keys: what opens its encrypted volumes.
    package init(directory: String, keys: KeyRing) throws(VolumeBackendError) {
        self.keys = keys
        volumeFiles = try VolumeDirectory(directory + "/volumes")
        baseFiles = try VolumeDirectory(directory + "/bases")
        momentFiles = try VolumeDirectory(directory + "/moments")
        feedFiles = try VolumeDirectory(directory + "/feeds")
        MomentServer.endOrphans(of: volumeFiles.path)
    }

    package func create(_ volume: VolumeSpec) async throws(VolumeBackendError) {
        let name = QCOW2Volumes.name(of: volume.id)
        guard !volumeFiles.contains(name) else { return try checkKey(of: volume) }
        guard volume.sizeGiB > 0, volume.sizeGiB <= ImageInspection.maximumSize >> 30 else {
            throw .hostFailed("a volume of \(volume.sizeGiB) GiB")
        }
        let beneath = try beneath(volume)
        if let key = volume.key { return try await createEncrypted(volume, key, over: beneath) }
        let content = EmptyQCOW2(
            virtualSize: UInt64(volume.sizeGiB) << 30, backingFile: beneath?.name,
            backingFormat: beneath?.format ?? "raw", clusterBits: beneath?.clusterBits ?? EmptyQCOW2.clusterBits)
        try volumeFiles.create(name, content)
    }

    private func checkKey(of volume: VolumeSpec) throws(VolumeBackendError) {
        guard try sealingKey(of: volume.id, header(of: volume.id)) == volume.key else {
            throw .hostFailed("\(volume.id) is not sealed with the key that was named for it")
        }
    }

    /// What a volume begins with.
    struct Beneath {
        /// As its header names it.
        let name: String
        var format = "raw"
        /// What is read of a feed is read in its own unit.
        let clusterBits: UInt64
    }

    private func beneath(_ volume: VolumeSpec) throws(VolumeBackendError) -> Beneath? {
        guard let snapshot = volume.snapshot else { return nil }
        guard let base = base(of: snapshot.id) else {
            try makeFeedFolder(of: volume.id)
            return Beneath(name: QCOW2Volumes.feedName(of: snapshot), clusterBits: 19)
        }
        guard volume.sizeGiB << 30 >= (try size(ofBase: base)) else {
            throw .hostFailed("\(volume.id) of \(volume.sizeGiB) GiB is smaller than \(snapshot.id)")
        }
        return Beneath(
            name: QCOW2Volumes.basePrefix + base, format: QCOW2Volumes.isSealed(base) ? "qcow2" : "raw",
            clusterBits: EmptyQCOW2.clusterBits)
    }

    /// The key is durable before the volume is there.
    private func createEncrypted(
        _ volume: VolumeSpec, _ key: EncryptionKeyID, over beneath: Beneath?
    ) async throws(VolumeBackendError) {
        if let snapshot = volume.snapshot?.id { claims.append(snapshot) }
        defer { if let place = claims.firstIndex(where: { $0 == volume.snapshot?.id }) { claims.remove(at: place) } }
        let passphrase = try ringing { () throws(KeyRingError) in try keys.makeVolumeKey(volume.id, under: key) }
        let seal = try await QCOW2Volumes.seal(passphrase)
        let content = EmptyQCOW2(
            virtualSize: UInt64(volume.sizeGiB) << 30, backingFile: beneath?.name,
            backingFormat: beneath?.format ?? "raw", clusterBits: beneath?.clusterBits ?? EmptyQCOW2.clusterBits,
            seal: seal)
        try volumeFiles.create(QCOW2Volumes.name(of: volume.id), content)
    }

    /// What opens a file's clusters by the passphrase.
    static func seal(_ passphrase: VolumePassphrase) async throws(VolumeBackendError) -> [UInt8] {
        do {
            return try await HostThread.run { Result { try LUKSHeader(passphrase: passphrase.digits).bytes } }.get()
        } catch {
            throw .hostFailed("a LUKS header: \(error)")
        }
    }

    func ringing<Value>(
        _ body: () throws(KeyRingError) -> Value
    ) throws(VolumeBackendError) -> Value {
        do throws(KeyRingError) { return try body() } catch {
            switch error {
            case .system(let error): throw .system(error)
            case .masterKeyMissing, .masterKeyUnusable, .cannotOpen, .noSuchVolumeKey, .noSuchBaseKey, .noSuchKey,
                .sealedWithAnother, .unusableID:
                throw .hostFailed("\(error)")
            }
        }
    }

    package func file(of volume: VolumeID) async throws(VolumeBackendError) -> VolumeFile {
        let header = try header(of: volume)
        let feed = feed(of: volume, header)
        let backing = (feed == nil ? header.backingFile : nil).map { backing in
            backing.hasPrefix("/") ? backing : baseFiles.file(String(backing.dropFirst(QCOW2Volumes.basePrefix.count)))
        }
        var file = VolumeFile(
            path: volumeFiles.file(QCOW2Volumes.name(of: volume)), format: .qcow2,
            backingPaths: backing.map { [$0] } ?? [], feed: feed, passphrase: try passphrase(of: volume, header),
            key: try sealingKey(of: volume, header))
        file.basePassphrase = try basePassphrase(beneath: header)
        return file
    }

    /// nil where it stands on no sealed base.
    func basePassphrase(beneath header: QCOW2Header) throws(VolumeBackendError) -> VolumePassphrase? {
        guard let base = header.backingFile, base.hasPrefix(QCOW2Volumes.basePrefix), QCOW2Volumes.isSealed(base),
            let snapshot: SnapshotID = QCOW2Volumes.id(
                of: String(base.dropFirst(QCOW2Volumes.basePrefix.count)), suffix: ".qcow2")
        else { return nil }
        return try ringing { () throws(KeyRingError) in try keys.baseKey(of: snapshot) }
    }

    func passphrase(
        of volume: VolumeID, _ header: QCOW2Header
    ) throws(VolumeBackendError) -> VolumePassphrase? {
        guard header.isEncrypted else { return nil }
        return try ringing { () throws(KeyRingError) in try keys.volumeKey(of: volume) }
    }

    /// nil for a volume in the clear.
    private func sealingKey(of volume: VolumeID, _ header: QCOW2Header) throws(VolumeBackendError) -> EncryptionKeyID? {
        guard header.isEncrypted else { return nil }
        return try ringing { () throws(KeyRingError) in try keys.sealingKey(of: volume) }
    }

    /// Grows a volume that no guest has open; one of that size or more is left as it is.
    package func grow(_ volume: VolumeID, toGiB sizeGiB: Int) async throws(VolumeBackendError) {
        let header = try header(of: volume)
        guard header.virtualSize < UInt64(sizeGiB) << 30 else { return }
        try await forgetVoidChanges(of: volume)
        let image = VolumeImage(
            path: volumeFiles.file(QCOW2Volumes.name(of: volume)), passphrase: try passphrase(of: volume, header))
        try await image.run(["resize", "-q"], ["\(sizeGiB)G"])
    }

    /// The key goes first: what is left of the file after a crash is noise.
    package func delete(_ volume: VolumeID) async throws(VolumeBackendError) {
        try ringing { () throws(KeyRingError) in try keys.removeVolumeKey(of: volume) }
        try volumeFiles.remove(QCOW2Volumes.name(of: volume))
        removeFeedFolder(of: volume)
        for base in try doomedBases() { try dropNow(base) }
    }

    package func volumes() async throws(VolumeBackendError) -> Set<VolumeID> { try present() }

    package func freeBytes() async -> Int { DiskSpace.free(at: volumeFiles.path) }

    func present() throws(VolumeBackendError) -> Set<VolumeID> {
        Set(try volumeFiles.names().compactMap { QCOW2Volumes.id(of: $0, suffix: ".qcow2") })
    }

    package func bases() async throws(VolumeBackendError) -> Set<SnapshotID> {
        Set(
            try baseFiles.names().compactMap { name in
                QCOW2Volumes.id(of: name, suffix: ".raw") ?? QCOW2Volumes.id(of: name, suffix: ".qcow2")
            })
    }

    package func baseUses() async throws(VolumeBackendError) -> [BaseUse] {
        var standing: [String: [VolumeID]] = [:]
        for volume in try present().sorted() {
            guard let backing = (try? header(of: volume))?.backingFile else { continue }
            standing[backing, default: []].append(volume)
        }
        var uses: [BaseUse] = []
        for snapshot in try await bases().sorted() {
            guard let base = base(of: snapshot) else { continue }
            uses.append(
                BaseUse(
                    snapshot: snapshot, bytes: try baseFiles.allocated(base),
                    volumes: standing[QCOW2Volumes.basePrefix + base] ?? []))
        }
        return uses
    }

    package func importBase(
        _ snapshot: SnapshotID, from file: DiskImageFile
    ) async throws(VolumeBackendError) -> Int {
        let name = QCOW2Volumes.name(of: snapshot)
        if baseFiles.contains(name) { return try baseFiles.size(of: name) }
        let image = try await ImageInspection(file)
        let draft = baseFiles.draft(of: name)
        do throws(VolumeBackendError) {
            try await ImageConversion(image: image, destination: draft).perform()
            try baseFiles.publish(draft, as: name)
        } catch {
            unlink(draft)
            throw error
        }
        return try baseFiles.size(of: name)
    }

    // No `await` between the look and the removal, so that no volume is created on the base meanwhile.
    package func deleteBase(_ snapshot: SnapshotID) async throws(VolumeBackendError) {
        guard !claims.contains(snapshot), try !isStoodOn(snapshot) else { throw .baseInUse(snapshot) }
        try removeBase(snapshot)
    }

    func header(of volume: VolumeID) throws(VolumeBackendError) -> QCOW2Header {
        let name = QCOW2Volumes.name(of: volume)
        guard volumeFiles.contains(name) else { throw .noSuchVolume(volume) }
        guard let header = QCOW2Header(try volumeFiles.beginning(of: name, count: 4096)) else {
            throw .hostFailed("\(name) has no readable header")
        }
        return header
    }

    /// The file of the snapshot's base; nil: it has none. A sealed one without its key is what a crash left of one that went.
    func base(of snapshot: SnapshotID) -> String? {
        files(ofBase: snapshot).first { !QCOW2Volumes.isSealed($0) || keys.hasBaseKey(of: snapshot) }
    }

    /// What there is of it, whole or not.
    func files(ofBase snapshot: SnapshotID) -> [String] {
        [QCOW2Volumes.name(of: snapshot), QCOW2Volumes.sealedName(of: snapshot)].filter(baseFiles.contains)
    }

    /// Whether a volume's bytes are read of the snapshot's base, or may be: one whose file is damaged tells not.
    func isStoodOn(_ snapshot: SnapshotID) throws(VolumeBackendError) -> Bool {
        let names = files(ofBase: snapshot).map { QCOW2Volumes.basePrefix + $0 }
        guard !names.isEmpty else { return false }
        for volume in try present() {
            guard let header = try? header(of: volume) else { return true }
            if let backing = header.backingFile, names.contains(backing) { return true }
        }
        return false
    }

    /// Of the volume that it is the base of.
    private func size(ofBase base: String) throws(VolumeBackendError) -> Int {
        guard QCOW2Volumes.isSealed(base) else { return try baseFiles.size(of: base) }
        guard let header = QCOW2Header(try baseFiles.beginning(of: base, count: 4096)) else {
            throw .hostFailed("\(base) has no readable header")
        }
        return Int(header.virtualSize)
    }

    /// The key goes first: what is left of a sealed one after a crash is noise.
    func removeBase(_ snapshot: SnapshotID) throws(VolumeBackendError) {
        try ringing { () throws(KeyRingError) in try keys.removeBaseKey(of: snapshot) }
        try baseFiles.remove(QCOW2Volumes.sealedName(of: snapshot))
        try baseFiles.remove(QCOW2Volumes.name(of: snapshot))
    }

    /// As an overlay's header names the folder, so that the whole directory may move.
    static let basePrefix = "../bases/"
    static func sealedName(of snapshot: SnapshotID) -> String { "\(snapshot).qcow2" }
    static func isSealed(_ base: String) -> Bool { base.hasSuffix(".qcow2") }
    static func name(of volume: VolumeID) -> String { "\(volume).qcow2" }
    static func name(of snapshot: SnapshotID) -> String { "\(snapshot).raw" }

    static func id<Kind>(of name: String, suffix: String) -> ResourceID<Kind>? {
        name.hasSuffix(suffix) ? ResourceID(String(name.dropLast(suffix.count))) : nil
    }
}
