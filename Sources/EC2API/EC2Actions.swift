// Every action of the EC2 API that this cloud answers: the lists of the nouns, joined.

package import APIGateway
internal import AWSWire

package enum EC2Actions {
    /// The EC2 service as the gateway serves it.
    package static let service = QueryServiceActions(EC2.service, lists.flatMap { $0 })

    private static let lists: [[Action]] = [
        tags, securityGroups, vpcs, subnets, internetGateways, routeTables, dhcpOptions, networkACLs, networkInterfaces,
        addresses, prefixLists,
        keyPairs, images, instanceTypes, regions,
        instances, eventWindows, cpuCredits, launchTemplates, fleets, spot, placementGroups, capacityReservations,
        volumes, snapshots, rootTasks, encryption,
    ]
}
