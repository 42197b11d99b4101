// What calls say of spot instances: prices, times, and what becomes of an instance that is taken away.

import AWSWire
import CloudTypes
import ControlPlane

enum SpotText {
    /// What can be printed with six digits.
    private static let prices = 0.000001...1_000_000

    /// - Throws: `InvalidParameterValue` for what is no price, or none that can be printed.
    static func price(_ text: String?, named name: String) throws(EC2Error) -> Double? {
        guard let text, !text.isEmpty else { return nil }
        guard let price = Double(text), prices.contains(price) else {
            throw .invalidParameterValue(
                name: name, value: text, reason: "A price from 0.000001 to 1000000 is expected.")
        }
        return price
    }

    /// As EC2 prints prices: `0.010400`.
    static func text(_ price: Double) -> String {
        let millionths = Int((price * 1_000_000).rounded())
        let digits = String(millionths % 1_000_000)
        return "\(millionths / 1_000_000)." + String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// - Parameter hibernates: whether the instance is launched to hibernate, which it then does.
    /// - Throws: `InvalidParameterCombination` for a stop that nothing follows, and for two wishes that are at odds.
    static func behavior(
        _ wish: String?, isPersistent: Bool, hibernates: Bool = false
    ) throws(EC2Error) -> SpotWish.Behavior {
        let behavior = wish.flatMap { SpotWish.Behavior(rawValue: $0) } ?? (hibernates ? .hibernate : .terminate)
        guard !hibernates || behavior == .hibernate else {
            throw .invalidParameterCombination(
                "The instance interruption behavior must be 'hibernate' for a Spot Instance that is launched to hibernate."
            )
        }
        guard behavior == .terminate || isPersistent else {
            throw .invalidParameterCombination(
                "The instance interruption behavior '\(behavior.rawValue)' is supported for persistent Spot requests only."
            )
        }
        return behavior
    }

    static func refuseBlock(_ minutes: Int?) throws(EC2Error) {
        try UnservedMembers.refuse(
            ["BlockDurationMinutes": minutes != nil], because: "AWS ended Spot Instances with a set duration.")
    }
}

extension SpotWish {
    /// nil for a launch on demand.
    ///
    /// - Throws: as `SpotText`, and `UnsupportedOperation` for other markets.
    init?(_ input: EC2.RunInstancesRequest, in transaction: Transaction) throws(EC2Error) {
        guard let market = input.instanceMarketOptions else { return nil }
        guard market.marketType == .spot else {
            throw .unsupported("The market type must be 'spot' in this cloud.")
        }
        let options = market.spotOptions
        self.init()
        try SpotText.refuseBlock(options?.blockDurationMinutes)
        isPersistent = options?.spotInstanceType == .persistent
        behavior = try SpotText.behavior(
            options?.instanceInterruptionBehavior?.rawValue, isPersistent: isPersistent,
            hibernates: input.hibernationOptions?.configured == true)
        mostPerHour = try SpotText.price(options?.maxPrice, named: "MaxPrice")
        validUntil = options?.validUntil
        guard validUntil == nil || isPersistent else {
            throw .invalidParameterCombination("ValidUntil is supported for persistent Spot requests only.")
        }
        if let validUntil, validUntil <= transaction.now {
            throw .invalidParameterValue("ValidUntil must be in the future.")
        }
        var one = input
        (one.minCount, one.maxCount, one.dryRun, one.clientToken) = (1, 1, nil, nil)
        (one.instanceMarketOptions, one.launchTemplate) = (nil, nil)
        one.tagSpecifications.removeAll { $0.resourceType == "spot-instances-request" }
        launch = one.parameters
    }
}
