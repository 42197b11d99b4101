// How the EC2 API refuses: a code, an HTTP status and a message for the caller.
// Messages never name a host, a path or a query of ours: that goes to the log.
// Source: Amazon EC2 API Reference, "Error codes".

/// A refusal as the caller sees it. Made by the named constructors, one per meaning.
package struct EC2Error: Error, Equatable, Sendable {
    /// As in the EC2 API Reference: `InvalidInstanceID.NotFound`.
    package let code: String
    package let message: String
    /// 400 for what the caller can mend, 5xx for what only we can.
    package let httpStatus: Int
    /// The finer code that the services of rest-json give besides: `INVALID_BLOCK_TOKEN`.
    package let reason: String?
    /// For the log alone.
    package let logged: String?

    package init(
        _ code: String, _ message: String, httpStatus: Int = 400, reason: String? = nil, logged: String? = nil
    ) {
        (self.code, self.message, self.httpStatus) = (code, message, httpStatus)
        (self.reason, self.logged) = (reason, logged)
    }
}

extension EC2Error {
    package static func notFound<Kind>(_ id: ResourceID<Kind>) -> EC2Error { notFound([id]) }

    package static func notFound<Kind>(_ ids: [ResourceID<Kind>]) -> EC2Error {
        EC2Error(Kind.notFoundCode, Kind.notFoundSentence(ids.map(\.description)))
    }

    package static func malformedID<Kind: ResourceKind>(_ text: String, _ kind: Kind.Type) -> EC2Error {
        EC2Error(
            kind.malformedCode,
            kind.malformedCode == "InvalidParameterValue"
                ? "Value (\(text)) for parameter \(kind.noun)Id is invalid. Expected: '\(kind.prefix)-...'."
                : "Invalid id: \"\(text)\" (expecting \"\(kind.prefix)-...\")")
    }

    package static func missingParameter(_ name: String) -> EC2Error {
        EC2Error("MissingParameter", "The request must contain the parameter \(name)")
    }

    package static func unknownParameter(_ name: String) -> EC2Error {
        EC2Error("UnknownParameter", "The parameter \(name) is not recognized")
    }

    package static func invalidParameterValue(_ message: String) -> EC2Error {
        EC2Error("InvalidParameterValue", message)
    }

    package static func invalidParameterValue(name: String, value: String, reason: String) -> EC2Error {
        EC2Error("InvalidParameterValue", "Value (\(value)) for parameter \(name) is invalid. \(reason)")
    }

    package static func invalidParameterCombination(_ message: String) -> EC2Error {
        EC2Error("InvalidParameterCombination", message)
    }

    package static func incorrectState(_ code: String, _ message: String) -> EC2Error { EC2Error(code, message) }

    package static func dependencyViolation(_ message: String) -> EC2Error { EC2Error("DependencyViolation", message) }

    /// What AWS answers for something that exists in its API and not here; it says so plainly.
    package static func unsupported(_ message: String) -> EC2Error { EC2Error("UnsupportedOperation", message) }

    package static func internalError(logged: String) -> EC2Error {
        EC2Error("InternalError", "An internal error has occurred", httpStatus: 500, logged: logged)
    }

    package static let dryRun = EC2Error(
        "DryRunOperation", "Request would have succeeded, but DryRun flag is set.", httpStatus: 412)
}
