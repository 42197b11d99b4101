import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteKeyPair`: what is not there is deleted already. Instances keep the key they were launched with.
enum DeleteKeyPair: RecordAction {
    typealias Operation = EC2.Operation.DeleteKeyPair

    static func perform(
        _ input: EC2.DeleteKeyPairRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DeleteKeyPairResult {
        guard let pair = try named(input, transaction) else { return EC2.DeleteKeyPairResult() }
        transaction.delete(pair.id, KeyPairRecord.self)
        return EC2.DeleteKeyPairResult(keyPairID: pair.id.description)
    }

    private static func named(
        _ input: EC2.DeleteKeyPairRequest, _ transaction: Transaction
    ) throws(EC2Error) -> KeyPairRecord? {
        switch (input.keyName, input.keyPairID) {
        case (nil, nil): throw .missingParameter("KeyName or KeyPairId")
        case (let name?, nil): return transaction.keyPair(named: name)
        case (let name, let text?):
            let id: KeyPairID = try Lookup.id(text)
            let pair = transaction.state.keyPairs[id]
            guard let pair, pair.account == transaction.account else { return nil }
            guard name == nil || name == pair.name else {
                throw .invalidParameterCombination("The key pair '\(id)' is not named '\(name ?? "")'")
            }
            return pair
        }
    }
}
