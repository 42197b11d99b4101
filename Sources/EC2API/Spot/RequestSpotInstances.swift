import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `RequestSpotInstances`: one request for each instance, fulfilled when there is room.
enum RequestSpotInstances: RecordAction {
    typealias Operation = EC2.Operation.RequestSpotInstances

    private static let mostInstances = 1_000
    /// Seconds that a request without an end waits.
    private static let longestWait = 604_800.0

    static func perform(
        _ input: EC2.RequestSpotInstancesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.RequestSpotInstancesResult {
        try UnservedMembers.refuse(
            ["LaunchGroup": input.launchGroup != nil, "AvailabilityZoneGroup": input.availabilityZoneGroup != nil],
            because: "its Spot Instances come one by one.")
        let count = input.instanceCount ?? 1
        guard (1...mostInstances).contains(count) else {
            throw .invalidParameterValue(
                name: "InstanceCount", value: "\(count)",
                reason: "The value must be between 1 and \(mostInstances).")
        }
        let wish = try wish(input, in: transaction)
        let tags = try TagSpecifications.tags(
            input.tagSpecifications, for: "spot-instances-request", in: transaction)
        var requests: [EC2.SpotInstanceRequest] = []
        for _ in 0..<count {
            let request = transaction.requestSpotInstance(wish, tags: tags)
            requests.append(try EC2.SpotInstanceRequest(request, in: transaction))
        }
        return EC2.RequestSpotInstancesResult(spotInstanceRequests: requests)
    }

    private static func wish(
        _ input: EC2.RequestSpotInstancesRequest, in transaction: Transaction
    ) throws(EC2Error) -> SpotWish {
        guard let specification = input.launchSpecification else { throw .missingParameter("LaunchSpecification") }
        try UnservedMembers.refuse(
            ["LaunchSpecification.AddressingType": specification.addressingType != nil],
            because: "addresses are as the subnet or the interface says.")
        try SpotText.refuseBlock(input.blockDurationMinutes)
        var wish = SpotWish()
        wish.isPersistent = input.type == .persistent
        wish.behavior = try SpotText.behavior(
            input.instanceInterruptionBehavior?.rawValue, isPersistent: wish.isPersistent)
        wish.mostPerHour = try SpotText.price(input.spotPrice, named: "SpotPrice")
        wish.validFrom = input.validFrom
        wish.validUntil = input.validUntil ?? transaction.now.adding(seconds: longestWait)
        guard let end = wish.validUntil, end > transaction.now, wish.validFrom.map({ $0 < end }) ?? true else {
            throw .invalidParameterValue("ValidUntil must be in the future, and after ValidFrom.")
        }
        wish.launch = specification.parameters
        (wish.launch["MinCount"], wish.launch["MaxCount"]) = ("1", "1")
        try rehearse(wish, in: transaction)
        return wish
    }

    /// What is wrong with the launch is told now; what may come right, such as room, is waited for.
    private static func rehearse(_ wish: SpotWish, in transaction: Transaction) throws(EC2Error) {
        var attempt = transaction
        do throws(EC2Error) {
            var order = try LaunchOrder(parameters: wish.launch, in: attempt)
            order.spot = wish
            _ = try attempt.launch(order)
        } catch {
            guard !error.isPassing else { return }
            throw error
        }
    }
}
