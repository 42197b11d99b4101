// Instances for tests of what they stand on: records alone, no launch.

import CloudTypes
import ControlPlane
import NodeContract

struct TestGuest {
    let instance: InstanceID
    let interface: NetworkInterfaceID
}

extension TestCloud {
    var defaultSubnet: SubnetRecord { state.subnets.all(where: IndexKey(.vpc, defaultVPC.id))[0] }

    /// An instance with one interface in the subnet; nil: in the first default subnet.
    mutating func guest(
        in subnet: SubnetRecord? = nil, state instanceState: InstanceState = .running, wantsPublicAddress: Bool = false
    ) throws(EC2Error) -> TestGuest {
        let subnet = subnet ?? defaultSubnet
        var instance = InstanceRecord(
            id: transaction.newID(), account: transaction.account, reservation: transaction.newID(), launchIndex: 0,
            image: transaction.newID(), instanceType: "t3.micro", architecture: .x86_64, vCPUs: 2, memoryMiB: 1024,
            vpc: subnet.vpc, subnet: subnet.id, availabilityZone: subnet.availabilityZone, rootDeviceName: "/dev/sda1",
            now: transaction.now)
        instance.state = instanceState
        transaction.put(instance)
        let interface = try transaction.createInterface(in: subnet, privateAddress: nil, groups: [])
        transaction.attachInterface(interface.id, to: instance.id, deviceIndex: 0, deleteOnTermination: true)
        transaction.update(interface.id) { (interface: inout NetworkInterfaceRecord) in
            interface.wantsPublicAddress = wantsPublicAddress
        }
        transaction.restorePublicAddress(of: interface.id)
        return TestGuest(instance: instance.id, interface: interface.id)
    }
}
