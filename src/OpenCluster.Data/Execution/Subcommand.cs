using System.Text;

namespace OpenCluster.Data.Execution;

/// <summary>One of the commands behind a command's first argument: CLIENT LIST, CONFIG GET.</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Arity">As in <see cref="Command"/>: counts both names.</param>
internal sealed record Subcommand(string Name, int Arity, Handler Run)
{
    /// <summary>A handler that finds the subcommand and runs it, or says what is wrong.</summary>
    public static Handler Choose(string command, params Subcommand[] all) => call =>
    {
        foreach (var one in all)
        {
            if (!Ascii.EqualsIgnoreCase(call[1], Encoding.ASCII.GetBytes(one.Name))) continue;
            if (one.Arity >= 0 ? call.Count == one.Arity : call.Count >= -one.Arity) one.Run(call);
            else call.Reply.Error($"ERR wrong number of arguments for '{command}|{one.Name}' command");
            return;
        }
        call.Reply.Error($"ERR unknown subcommand '{Encoding.UTF8.GetString(call[1])}'. Try {command.ToUpperInvariant()} HELP.");
    };
}
