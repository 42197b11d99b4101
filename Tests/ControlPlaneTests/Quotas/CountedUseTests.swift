import CloudTypes
import ControlPlane
import Testing

@Suite("What quotas count")
struct CountedUseTests {
    private let account = AccountID("123456789012")!
    private let other = AccountID("210987654321")!
    private var transaction: Transaction

    init() throws { transaction = try TestRecords.transaction() }

    @Test(
        "puts instance types into AWS's classes",
        arguments: [
            ("t3.micro", VCPUClass.standard), ("im4gn.large", .standard), ("mac2.metal", .standard),
            ("g4dn.xlarge", .g), ("gr6.4xlarge", .g), ("vt1.3xlarge", .g), ("p5en.48xlarge", .p),
            ("inf2.xlarge", .inf), ("trn1n.32xlarge", .trn), ("u-6tb1.metal", .highMemory),
            ("u7i-12tb.224xlarge", .highMemory), ("x2gd.large", .x), ("hpc7g.4xlarge", .hpc),
            ("dl1.24xlarge", .dl), ("f2.6xlarge", .f),
        ])
    func classes(type: String, expected: VCPUClass) {
        #expect(VCPUClass(ofType: type) == expected)
    }

    @Test("is the sum over an account's volumes, whatever they become, and no other account's")
    mutating func sums() {
        var volume = VolumeRecord(
            id: transaction.newID(), account: account, availabilityZone: "us-east-1a", sizeGiB: 10, volumeType: "io2",
            snapshot: nil, createdAt: transaction.now)
        volume.iops = 500
        transaction.put(volume)
        transaction.put(
            VolumeRecord(
                id: transaction.newID(), account: other, availabilityZone: "us-east-1a", sizeGiB: 7, volumeType: "io2",
                snapshot: nil, createdAt: transaction.now))
        #expect(used(.storageGiB("io2")) == 10 && used(.iops("io2")) == 500 && used(.storageGiB("gp3")) == 0)
        volume.modification = VolumeModification(
            from: volume.figures, to: VolumeFigures(volumeType: "gp3", sizeGiB: 20, iops: 3_000, throughput: 125),
            at: transaction.now)
        transaction.put(volume)
        #expect(used(.storageGiB("io2")) == 0 && used(.iops("io2")) == 0 && used(.storageGiB("gp3")) == 20)
        transaction.delete(volume.id, VolumeRecord.self)
        #expect(used(.storageGiB("gp3")) == 0)
    }

    private func used(_ kind: CountedUse) -> Int { transaction.state.volumes.use(kind, by: account) }
}
