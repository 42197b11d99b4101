// The command line: one binary, a subcommand per thing that an operator does.

import ArgumentParser

@main
struct Apus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "An EC2 that you own: the AWS API in front, real virtual machines behind it.",
        discussion: """
            Start with `apus up`, then `eval "$(apus env)"`, and use any AWS client.
            Exit codes: 0 done, 1 failed, 2 something that is needed is missing, 64 wrong usage.
            """,
        version: "0.1.0",
        subcommands: [
            Up.self, Down.self, Env.self, Accounts.self, Image.self, Snapshots.self, CollectGarbage.self, Doctor.self,
            Status.self, Types.self, Simulate.self, Usage.self, Credits.self, Limits.self, Console.self, Events.self,
            Interrupt.self,
        ])
}
