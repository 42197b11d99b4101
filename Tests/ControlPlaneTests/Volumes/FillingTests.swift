import CloudTypes
import ControlPlane
import NodeContract
import Simulation
import Testing

@Suite("A volume whose filling fails")
struct FillingTests {
    @Test("is left alone for half a minute, then filled again, until it is whole")
    func pause() throws {
        let host = try TestHost()
        let source = try host.change { transaction throws(EC2Error) in
            var order = VolumeOrder(zone: "us-east-1a")
            order.sizeGiB = 1
            return try transaction.createVolume(order).id
        }
        let snapshot = try host.change { transaction throws(EC2Error) in
            try transaction.createSnapshot(SnapshotOrder(volume: source)).id
        }
        host.world.letFillsFail(true)
        let volume = try host.change { transaction throws(EC2Error) in
            var order = VolumeOrder(zone: "us-east-1a")
            order.snapshot = snapshot
            return try transaction.createVolume(order).id
        }
        #expect(host.world.fillings(of: volume) == 1)
        // Whatever else befalls it meanwhile.
        try host.change { transaction throws(EC2Error) in
            transaction.update(volume) { (volume: inout VolumeRecord) in volume.tags["touched"] = "yes" }
        }
        host.time.advance(seconds: 29)
        host.settle()
        #expect(host.world.fillings(of: volume) == 1)
        host.time.advance(seconds: 2)
        host.settle()
        #expect(host.world.fillings(of: volume) == 2 && host.records.volumes[volume]?.isFilled != true)
        host.world.letFillsFail(false)
        host.time.advance(seconds: 31)
        host.settle()
        #expect(host.world.fillings(of: volume) == 3 && host.records.volumes[volume]?.isFilled == true)
        host.end()
    }
}
