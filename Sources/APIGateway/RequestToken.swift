// A ClientToken: the same token with the same parameters gets the same answer, with others it is refused.
// Source: EC2 API Reference, "Ensuring idempotency".

internal import AWSWire
internal import CloudTypes
internal import ControlPlane
internal import Crypto

struct RequestToken: Sendable {
    private let id: String
    private let hash: [UInt8]
    private let mismatch: EC2Error

    /// - Parameters:
    ///   - text: what was asked for, in a settled spelling.
    ///   - mismatch: the service's refusal of a token that came with another text before.
    init(_ token: String, of operation: String, for caller: Caller, text: String, mismatch: EC2Error) {
        id = "\(caller.account)/\(operation)/\(token)"
        hash = Array(SHA256.hash(data: Array(text.utf8)))
        self.mismatch = mismatch
    }

    func answer(in transaction: Transaction) throws(EC2Error) -> [UInt8]? {
        guard let kept = transaction.state.requestTokens[id] else { return nil }
        guard kept.requestHash == hash else { throw mismatch }
        return kept.answer
    }

    func keep(_ answer: [UInt8], in transaction: inout Transaction) {
        transaction.put(
            RequestTokenRecord(
                id: id, account: transaction.account, requestHash: hash, answer: answer, createdAt: transaction.now))
    }

    /// What was answered is taken back.
    func forget(in transaction: inout Transaction) { transaction.delete(id, RequestTokenRecord.self) }

    static let mismatchSentence =
        "The request uses the same client token as a previous, but non-identical request."
}
