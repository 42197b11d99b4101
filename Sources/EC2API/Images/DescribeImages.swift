import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeImages`: what is the caller's own, public, or shared with the caller.
enum DescribeImages: RecordAction {
    typealias Operation = EC2.Operation.DescribeImages

    static func perform(
        _ input: EC2.DescribeImagesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeImagesResult {
        try Pagination.check(input, atLeast: 1)
        var owners: [Owner] = []
        for text in input.owners { owners.append(try Owner(text, transaction.account)) }
        var users: [User] = []
        for text in input.executableUsers { users.append(try User(text, transaction.account)) }
        var images = try candidates(input, transaction).map { $0.shown(to: transaction.account) }
        images = images.filter { image in
            (owners.isEmpty || owners.contains { $0.owns(image, transaction.state) })
                && (users.isEmpty || users.contains { $0.mayLaunch(image) })
        }
        images = try ImageFilters.table.select(images, by: input.filters, in: transaction.state)
        let page = try Pagination.page(images, for: input) { $0.id.description }
        return EC2.DescribeImagesResult(
            nextToken: page.nextToken,
            images: page.items.map { EC2.Image($0, in: transaction.state, at: transaction.now) })
    }

    /// The images with the ids, or all that show without being named; in the order of their ids.
    private static func candidates(
        _ input: EC2.DescribeImagesRequest, _ transaction: Transaction
    ) throws(EC2Error) -> [ImageRecord] {
        guard input.imageIDs.isEmpty else { return try named(input.imageIDs, transaction) }
        let account = transaction.account
        return transaction.state.images.all.filter { image in
            guard image.state != .deregistered, image.isVisible(to: account) else { return false }
            if image.state == .disabled {
                return image.account == account && input.includeDisabled == true
            }
            guard let end = image.deprecationTime, end <= transaction.now else { return true }
            return image.account == account || input.includeDeprecated == true
        }.sorted { $0.id < $1.id }
    }

    private static func named(_ texts: [String], _ transaction: Transaction) throws(EC2Error) -> [ImageRecord] {
        var images: [ImageRecord] = []
        var missing: [ImageID] = []
        for id in try Lookup.ids(texts, ImageKind.self) {
            if let image = transaction.state.images[id], image.isVisible(to: transaction.account),
                image.state != .deregistered
            {
                images.append(image)
            } else {
                missing.append(id)
            }
        }
        guard missing.isEmpty else { throw .notFound(missing) }
        return images.sorted { $0.id < $1.id }
    }
}

extension ImageRecord {
    /// Without what is the owner's alone: tags, when anybody last launched it, and of what it was made.
    fileprivate func shown(to account: AccountID) -> ImageRecord {
        guard self.account != account else { return self }
        var image = self
        (image.tags, image.lastLaunchedAt, image.sourceInstance) = ([:], nil, nil)
        return image
    }
}

/// One value of `Owners`: an account, oneself, or an alias.
private enum Owner {
    case account(String)
    case alias(String)

    /// Besides `self`. Source: EC2 API Reference, "DescribeImages".
    private static let aliases: Set = ["amazon", "aws-backup-vault", "aws-marketplace", "microsoft"]

    /// - Throws: `InvalidUserID.Malformed`.
    init(_ text: String, _ caller: AccountID) throws(EC2Error) {
        if text == "self" {
            self = .account(caller.description)
        } else if Owner.aliases.contains(text) {
            self = .alias(text)
        } else {
            guard AccountID(text) != nil else { throw .malformedUserID(text) }
            self = .account(text)
        }
    }

    func owns(_ image: ImageRecord, _ state: CloudState) -> Bool {
        switch self {
        case .account(let id): image.account.description == id
        case .alias(let alias): state.ownerAlias(of: image) == alias
        }
    }
}

/// One value of `ExecutableUsers`: everybody, or an account that was named in the image's launch permissions.
private enum User {
    case everybody
    case account(String)

    /// - Throws: `InvalidUserID.Malformed`.
    init(_ text: String, _ caller: AccountID) throws(EC2Error) {
        switch text {
        case "all": self = .everybody
        case "self": self = .account(caller.description)
        default:
            guard AccountID(text) != nil else { throw .malformedUserID(text) }
            self = .account(text)
        }
    }

    func mayLaunch(_ image: ImageRecord) -> Bool {
        switch self {
        case .everybody: image.isPublic
        case .account(let id): image.launchPermissions.contains { $0.description == id }
        }
    }
}

extension EC2Error {
    fileprivate static func malformedUserID(_ text: String) -> EC2Error {
        EC2Error("InvalidUserID.Malformed", "Invalid user id: \"\(text)\"")
    }
}
