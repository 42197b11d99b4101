import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ListRules`: of one type, those that have all the tags that are asked for.
enum ListRules: RecordAction {
    typealias Operation = RecycleBin.Operation.ListRules

    private static let largestPage = 1_000
    private static let tokenPrefix = Array("rules:".utf8)

    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let now = transaction.now
        let (wanted, excluded) = (
            try RuleParts.matches(input.resourceTags), try RuleParts.matches(input.excludeResourceTags)
        )
        var rules = transaction.state.retentionRules.all(of: transaction.account).filter { rule in
            rule.shownType == input.resourceType
                && wanted.allSatisfy { rule.resourceTags.contains($0) }
                && excluded.allSatisfy { rule.excludedTags.contains($0) }
                && (input.lockState == nil || input.lockState == rule.shownLockState(at: now))
        }
        rules.sort { $0.id < $1.id }
        if let token = input.nextToken {
            let last = try place(token)
            rules.removeAll { $0.id <= last }
        }
        let page = rules.prefix(input.maxResults ?? largestPage)
        let next = page.count < rules.count ? page.last.map { Base64.encode(tokenPrefix + Array($0.id.utf8)) } : nil
        return Operation.Output(
            rules: page.map { rule in
                RecycleBin.RuleSummary(
                    identifier: rule.id, description: rule.description, retentionPeriod: rule.shownPeriod,
                    lockState: rule.shownLockState(at: now), ruleARN: RuleLookup.arn(of: rule, transaction.settings))
            },
            nextToken: next)
    }

    /// The rule after which the page begins.
    private static func place(_ token: String) throws(EC2Error) -> String {
        guard let bytes = Base64.decode(token), bytes.starts(with: tokenPrefix),
            let id = String(validating: bytes.dropFirst(tokenPrefix.count), as: UTF8.self)
        else { throw RecycleBin.Refusal.validation(.invalidPageToken, "The page token is not valid.") }
        return id
    }
}
