// Every action of the Recycle Bin API.

package import APIGateway
internal import AWSWire

package enum RecycleBinActions {
    /// The service as the gateway serves it.
    package static let service = RESTServiceActions(
        RecycleBin.service,
        [
            RESTAction(CreateRule.self), RESTAction(GetRule.self), RESTAction(ListRules.self),
            RESTAction(UpdateRule.self), RESTAction(DeleteRule.self), RESTAction(LockRule.self),
            RESTAction(UnlockRule.self), RESTAction(TagResource.self), RESTAction(UntagResource.self),
            RESTAction(ListTagsForResource.self),
        ])
}
