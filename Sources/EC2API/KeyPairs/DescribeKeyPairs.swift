import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeKeyPairs`: by names, by ids, or all.
enum DescribeKeyPairs: RecordAction {
    typealias Operation = EC2.Operation.DescribeKeyPairs

    private static let filters = FilterTable<KeyPairRecord>(
        [
            "fingerprint": { pair, _ in [pair.fingerprint] },
            "key-name": { pair, _ in [pair.name] },
            "key-pair-id": { pair, _ in [pair.id.description] },
        ],
        tags: { $0.tags })

    static func perform(
        _ input: EC2.DescribeKeyPairsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeKeyPairsResult {
        let pairs = try filters.select(named(input, transaction), by: input.filters, in: transaction.state)
        let showsKey = input.includePublicKey == true
        return EC2.DescribeKeyPairsResult(
            keyPairs: pairs.map { pair in
                EC2.KeyPairInfo(
                    keyPairID: pair.id.description, keyType: EC2.KeyType(rawValue: pair.keyType.rawValue),
                    tags: EC2.Tag.list(pair.tags), publicKey: showsKey ? pair.publicKey : nil,
                    createTime: pair.createdAt, keyName: pair.name, keyFingerprint: pair.fingerprint)
            })
    }

    private static func named(
        _ input: EC2.DescribeKeyPairsRequest, _ transaction: Transaction
    ) throws(EC2Error) -> [KeyPairRecord] {
        guard !input.keyNames.isEmpty || !input.keyPairIDs.isEmpty else {
            return transaction.state.keyPairs.all(of: transaction.account)
        }
        var pairs: [KeyPairID: KeyPairRecord] = [:]
        for name in input.keyNames {
            let pair = try transaction.existingKeyPair(named: name)
            pairs[pair.id] = pair
        }
        for id in try Lookup.ids(input.keyPairIDs, KeyPairKind.self) { pairs[id] = try transaction.owned(id) }
        return pairs.values.sorted { $0.id < $1.id }
    }
}
