// How many requests of each kind AWS lets an account make.
// Source: Amazon EC2 Developer Guide, "Request throttling for the Amazon EC2 API".

package import AWSWire
package import CloudTypes

/// A bucket's size, and what flows into it a second.
package struct RequestRate: Sendable, Equatable {
    package var size: Double
    package var perSecond: Double

    package init(_ size: Double, _ perSecond: Double) { (self.size, self.perSecond) = (size, perSecond) }

    /// - Parameter factor: how many times AWS's.
    package func times(_ factor: Double) -> RequestRate { RequestRate(size * factor, perSecond * factor) }
}

/// What a request takes, and from which of its account's buckets.
package struct RequestCost: Sendable, Equatable {
    /// Each action has a bucket of its own; one that shows everything at once a smaller one beside it.
    package var bucket: String
    package var rate: RequestRate
    package var tokens: Double
    /// What is answered where the tokens are not there.
    package var refusal: EC2Error

    package init(bucket: String, rate: RequestRate, tokens: Double = 1, refusal: EC2Error = .requestLimitExceeded) {
        (self.bucket, self.rate, self.tokens, self.refusal) = (bucket, rate, tokens, refusal)
    }

    /// All that a request takes: a token for itself, and for some actions one for each instance.
    package static func all(of action: String, _ request: QueryRequest) -> [RequestCost] {
        [ofRequest(action, request)] + ofInstances(action, request)
    }

    private static func ofRequest(_ action: String, _ request: QueryRequest) -> RequestCost {
        if showingEverything.contains(action), !request.hasParameter({ narrowing.contains(String($0)) }) {
            return RequestCost(bucket: "\(action) of everything", rate: RequestRate(50, 10))
        }
        return RequestCost(bucket: action, rate: rate(of: action))
    }

    private static func rate(of action: String) -> RequestRate {
        if let own = ownRates[action] { return own }
        let isRead = ["Describe", "List", "Search", "Get"].contains { action.hasPrefix($0) }
        return isRead ? RequestRate(100, 20) : RequestRate(50, 5)
    }

    private static func ofInstances(_ action: String, _ request: QueryRequest) -> [RequestCost] {
        guard let rate = instanceRates[action] else { return [] }
        let count =
            action == "RunInstances"
            ? request.value(of: "MaxCount").flatMap(Int.init) ?? 1
            : request.parameters["InstanceId"]?.children.count ?? 1
        return [RequestCost(bucket: "instances of \(action)", rate: rate, tokens: Double(max(1, count)))]
    }

    private static let narrowing: Set = ["Filter", "MaxResults", "NextToken"]

    private static let showingEverything: Set = [
        "DescribeInstances", "DescribeInstanceStatus", "DescribeNetworkInterfaces", "DescribeSecurityGroups",
        "DescribeSnapshots", "DescribeSpotInstanceRequests", "DescribeVolumes",
    ]

    private static let instanceRates = [
        "RunInstances": RequestRate(1_000, 2), "StartInstances": RequestRate(1_000, 2),
        "StopInstances": RequestRate(1_000, 20), "TerminateInstances": RequestRate(1_000, 20),
    ]

    /// Of the actions that AWS puts in no class.
    private static let ownRates: [String: RequestRate] = [
        (RequestRate(1, 0.1), ["EnableImageBlockPublicAccess", "DisableImageBlockPublicAccess"]),
        (RequestRate(1, 0.1), ["EnableSnapshotBlockPublicAccess", "DisableSnapshotBlockPublicAccess"]),
        (RequestRate(1, 1), ["CreateDefaultSubnet", "CreateDefaultVpc", "DescribeInstanceTopology"]),
        (RequestRate(2, 2), ["ModifyInstanceMetadataDefaults"]),
        (RequestRate(4, 0.3), ["CreateVpcEndpoint", "DeleteVpcEndpoints", "ModifyVpcEndpoint"]),
        (RequestRate(5, 1), ["CreateSubnetCidrReservation", "DeleteSubnetCidrReservation"]),
        (RequestRate(5, 2), ["RunInstances", "StartInstances"]),
        (RequestRate(10, 1), ["CreateNatGateway", "DeleteNatGateway", "AssociateNatGatewayAddress"]),
        (RequestRate(10, 1), ["AssignPrivateNatGatewayAddress", "DisassociateNatGatewayAddress"]),
        (RequestRate(20, 5), ["DescribeSecurityGroupReferences", "DescribeStaleSecurityGroups"]),
        (RequestRate(50, 3), ["CreateSpotDatafeedSubscription", "DeleteSpotDatafeedSubscription"]),
        (RequestRate(100, 1), ["CopyImage"]),
        (RequestRate(100, 5), ["AssignIpv6Addresses", "AssignPrivateIpAddresses", "TerminateInstances"]),
        (RequestRate(100, 5), ["CreateLaunchTemplateVersion", "ModifyLaunchTemplate"]),
        (RequestRate(100, 5), ["CreateNetworkInterface", "DeleteNetworkInterface", "ModifyNetworkInterfaceAttribute"]),
        (RequestRate(100, 5), ["CreateSnapshot", "CreateSnapshots", "DeleteSnapshot", "ModifySnapshotAttribute"]),
        (RequestRate(100, 5), ["CreateVolume", "DeleteVolume", "DeregisterImage", "ModifyImageAttribute"]),
        (RequestRate(100, 5), ["AssociateIamInstanceProfile", "DisassociateIamInstanceProfile"]),
        (RequestRate(100, 5), ["ModifyInstanceMetadataOptions", "UnassignPrivateIpAddresses"]),
        (RequestRate(100, 10), ["CreateTags", "DeleteTags"]),
    ].reduce(into: [:]) { rates, line in for action in line.1 { rates[action] = line.0 } }
}
