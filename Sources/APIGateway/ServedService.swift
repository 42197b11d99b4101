// What the gateway asks of a service: which signatures it takes, what its requests mean, how it refuses.

internal import AWSWire
package import CloudTypes
package import ControlPlane
package import NodeContract
package import SigV4

/// A service behind the gateway, whatever it is spoken in.
package protocol ServedService: Sendable {
    /// The service part of a signature's scope.
    var signingName: String { get }
    var signatureErrors: SignatureErrorStyle { get }
    /// Whether the body of the request may be left out of its signature.
    func allowsUnsignedBody(_ request: RequestParts) -> Bool
    /// Whether a request that nothing signs is meant for this service all the same, as far as its text tells.
    func isNamed(in request: RequestParts) -> Bool
    func answer(_ call: ServiceCall) async throws(EC2Error) -> WireAnswer
    func refusal(_ error: EC2Error, requestID: String) -> WireAnswer
}

/// A request whose signature held.
package struct ServiceCall: Sendable {
    package let request: RequestParts
    /// Without any framing of the signature's.
    package let body: [UInt8]
    package let caller: Caller
    package let cloud: Cloud
    package let node: any Node
    /// nil: there is no bound.
    let throttle: Throttle?
    package let requestID: String

    /// - Throws: the service's refusal where the caller's account has asked too often.
    func admit(_ costs: @autoclosure () -> [RequestCost]) throws(EC2Error) {
        try throttle?.admit(costs(), of: caller.account, at: cloud.now)
    }
}

/// An answer as it goes on the wire, but for the headers that all have.
package struct WireAnswer: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var content: ByteRope
}
