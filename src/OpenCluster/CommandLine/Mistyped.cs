using System.CommandLine;
using OpenCluster.Model.Files;

namespace OpenCluster.CommandLine;

/// <summary>A command line that could not be read: what is wrong with it, and where to look; never a screen full of help.</summary>
internal static class Mistyped
{
    public static int Tell(ParseResult parsed)
    {
        var screen = new Screen();
        var command = parsed.CommandResult.Command;
        // An unknown verb is one mistake, and what follows it is none of its own.
        if (command is RootCommand root && parsed.UnmatchedTokens is [var verb, ..])
        {
            var known = root.Subcommands.Where(c => !c.Hidden).Select(c => c.Name);
            screen.Error($"there is no verb \"{verb}\".{(DidYouMean.Nearest(verb, known) is { } near ? $" Did you mean \"{near}\"?" : "")}");
        }
        else
        {
            foreach (var error in parsed.Errors) screen.Error(error.Message);
        }

        screen.Say($"[grey]`opencluster {(command is RootCommand ? "" : command.Name + " ")}--help` says how it is written.[/]");
        return ExitCode.Usage;
    }
}
