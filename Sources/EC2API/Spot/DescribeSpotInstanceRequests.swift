import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeSpotInstanceRequests`: also of those that ended, for two days.
enum DescribeSpotInstanceRequests: RecordAction {
    typealias Operation = EC2.Operation.DescribeSpotInstanceRequests

    static func perform(
        _ input: EC2.DescribeSpotInstanceRequestsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeSpotInstanceRequestsResult {
        try Pagination.check(input, atLeast: 5, atMost: 1_000)
        try Pagination.refusePage(input, besides: input.spotInstanceRequestIDs, "spotInstanceRequestIdSet")
        let requests: [SpotRequestRecord] = try Lookup.owned(input.spotInstanceRequestIDs, in: transaction)
        let selected = try filters.select(requests, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) { $0.id.description }
        var answer = EC2.DescribeSpotInstanceRequestsResult(nextToken: page.nextToken)
        for request in page.items {
            answer.spotInstanceRequests.append(try EC2.SpotInstanceRequest(request, in: transaction))
        }
        return answer
    }

    private static let filters: FilterTable<SpotRequestRecord> = {
        var columns: [String: FilterTable<SpotRequestRecord>.Values] = [
            "availability-zone-group": { _, _ in [] },
            "create-time": { request, _ in [request.createdAt.description] },
            "fault-code": { request, _ in request.state == .failed ? [request.status.code] : [] },
            "fault-message": { request, _ in request.state == .failed ? [request.status.message] : [] },
            "instance-id": { request, _ in request.instance.map { [$0.description] } ?? [] },
            "launch-group": { _, _ in [] },
            "launched-availability-zone": { request, state in
                request.instance.flatMap { state.instances[$0] }.map { [$0.availabilityZone] } ?? []
            },
            "launched-availability-zone-id": { _, _ in [] },
            "product-description": { request, state in [request.product(in: state).rawValue] },
            "spot-instance-request-id": { request, _ in [request.id.description] },
            "spot-price": { request, _ in request.wish.mostPerHour.map { [SpotText.text($0)] } ?? [] },
            "state": { request, _ in [request.state.rawValue] },
            "status-code": { request, _ in [request.status.code] },
            "status-message": { request, _ in [request.status.message] },
            "type": { request, _ in [request.wish.isPersistent ? "persistent" : "one-time"] },
            "valid-from": { request, _ in request.wish.validFrom.map { [$0.description] } ?? [] },
            "valid-until": { request, _ in request.wish.validUntil.map { [$0.description] } ?? [] },
            "launch.group-id": parameters { $0.hasPrefix("SecurityGroupId.") },
            "launch.group-name": parameters { $0.hasPrefix("SecurityGroup.") },
            "launch.image-id": parameters { $0 == "ImageId" },
            "launch.instance-type": parameters { $0 == "InstanceType" },
            "launch.kernel-id": parameters { $0 == "KernelId" },
            "launch.key-name": parameters { $0 == "KeyName" },
            "launch.monitoring-enabled": { request, _ in [request.wish.launch["Monitoring.Enabled"] ?? "false"] },
            "launch.ramdisk-id": parameters { $0 == "RamdiskId" },
        ]
        for (filter, member) in [
            "delete-on-termination": "Ebs.DeleteOnTermination", "device-name": "DeviceName",
            "snapshot-id": "Ebs.SnapshotId", "volume-size": "Ebs.VolumeSize", "volume-type": "Ebs.VolumeType",
        ] {
            columns["launch.block-device-mapping.\(filter)"] = parameters {
                $0.hasPrefix("BlockDeviceMapping.") && $0.hasSuffix("." + member)
            }
        }
        for (filter, member) in [
            "addresses.primary": "Primary", "delete-on-termination": "DeleteOnTermination",
            "description": "Description", "device-index": "DeviceIndex", "group-id": "SecurityGroupId",
            "network-interface-id": "NetworkInterfaceId", "private-ip-address": "PrivateIpAddress",
            "subnet-id": "SubnetId",
        ] {
            columns["network-interface.\(filter)"] = parameters {
                $0.hasPrefix("NetworkInterface.") && ($0.hasSuffix("." + member) || $0.contains(".\(member)."))
            }
        }
        return FilterTable(columns, tags: { $0.tags })
    }()

    /// The values of the launch's parameters with such names.
    private static func parameters(
        _ isWanted: @escaping @Sendable (String) -> Bool
    ) -> FilterTable<SpotRequestRecord>.Values {
        { request, _ in request.wish.launch.filter { isWanted($0.key) }.map(\.value) }
    }
}
