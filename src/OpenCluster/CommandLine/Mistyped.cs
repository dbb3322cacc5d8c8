using System.CommandLine;
using System.CommandLine.Parsing;
using OpenCluster.Model.Files;

namespace OpenCluster.CommandLine;

/// <summary>A command line that could not be read: what is wrong with it, and where to look; never a screen full of help.</summary>
internal static class Mistyped
{
    public static int Tell(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var name = NameOf(parsed.CommandResult);
        var mistakes = Mistakes(parsed, command, name).ToList();
        var screen = new Screen(parsed);
        screen.Error("usage", mistakes.Count > 0 ? mistakes : [.. parsed.Errors.Select(e => e.Message)]);
        screen.Say($"[grey]`opencluster {(name.Length == 0 ? "" : name + " ")}--help` says how it is written.[/]");
        return ExitCode.Usage;
    }

    private static IEnumerable<string> Mistakes(ParseResult parsed, Command command, string name)
    {
        // An unknown verb is one mistake, and what follows it is none of its own.
        if (command.Action is null || command is RootCommand)
        {
            var known = command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name).ToList();
            var verb = parsed.UnmatchedTokens is [var first, ..] ? first : null;
            var list = command is RootCommand ? "" : $" {name} has {string.Join(", ", known)}.";
            yield return verb is null ? $"{name} needs one of {string.Join(", ", known)}."
                : $"there is no verb \"{(name.Length == 0 ? verb : $"{name} {verb}")}\".{Near(verb, known)}{list}";
            yield break;
        }

        foreach (var mistake in Unknown(parsed, command, name)) yield return mistake;
        foreach (var argument in command.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(a) is null or { Tokens.Count: 0 }))
            yield return $"{name} needs {argument.Name} ({argument.Description}).";
        foreach (var option in command.Options.Where(o => o.Required && parsed.GetResult(o) is null or { Implicit: true }))
            yield return $"{name} needs {option.Name} ({option.Description}).";
        foreach (var error in parsed.Errors)
        {
            if (Misfit(error) is { } misfit) yield return misfit;
        }
    }

    /// <summary>What nobody asked for. A word after an unknown option is taken for its value, which is no mistake of its own.</summary>
    private static IEnumerable<string> Unknown(ParseResult parsed, Command command, string name)
    {
        var options = command.Options.Concat(parsed.RootCommandResult.Command.Options).Where(o => !o.Hidden).SelectMany(o => o.Aliases.Append(o.Name)).ToList();
        var ofOption = false;
        foreach (var word in parsed.UnmatchedTokens)
        {
            var isOption = word.StartsWith('-');
            if (isOption) yield return $"{name} has no option \"{word}\".{Near(word, options)}";
            else if (!ofOption) yield return $"\"{word}\" is one word too many for {name}.";
            ofOption = isOption;
        }
    }

    /// <summary>A value that is none of its kind, or one that is missing. The parser's own words name types of the runtime; ours stay.</summary>
    private static string? Misfit(ParseError error) => error.SymbolResult switch
    {
        OptionResult { Tokens.Count: 0, Implicit: false, Option: var option } => $"{option.Name} needs a value ({option.Description}).",
        OptionResult { Tokens: [.., var token], Option: var option } => OfParser(error) ? $"\"{token.Value}\" does not fit {option.Name} ({option.Description})." : error.Message,
        ArgumentResult { Tokens: [.., var token], Argument: var argument } => OfParser(error) ? $"\"{token.Value}\" does not fit {argument.Name} ({argument.Description})." : error.Message,
        _ => null,
    };

    private static bool OfParser(ParseError error) =>
        error.Message.StartsWith("Cannot parse", StringComparison.Ordinal) || error.Message.StartsWith("Argument '", StringComparison.Ordinal);

    private static string Near(string word, IEnumerable<string> known) => DidYouMean.Nearest(word, known) is { } near ? $" Did you mean \"{near}\"?" : "";

    /// <summary>"lb purge"; empty for the executable itself.</summary>
    private static string NameOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{NameOf(parent)} {command.Command.Name}".TrimStart() : "";
}
