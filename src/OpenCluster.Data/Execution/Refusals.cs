using System.Text;
using OpenCluster.Data.Spaces;

namespace OpenCluster.Data.Execution;

/// <summary>Why a command is not carried out, in the words that clients of Redis know.</summary>
internal static class Refusals
{
    private const int ShownBytes = 128;

    public static void Unknown(Call call)
    {
        var text = new StringBuilder("ERR unknown command '").Append(ShownText(call[0])).Append("', with args beginning with: ");
        var shown = 0;
        for (var i = 1; i < call.Count && shown < ShownBytes; i++)
        {
            var word = ShownText(call[i]);
            if (word.Length > ShownBytes - shown) word = word[..(ShownBytes - shown)];
            text.Append('\'').Append(word).Append("' ");
            shown += word.Length + 3;
        }
        call.Reply.Error(text.ToString());
    }

    public static void Arity(Call call, Command command) => call.Reply.Error($"{Code(command)}wrong number of arguments for '{command.Name}' command");

    /// <summary>An EXEC that is refused ends its transaction, and says so.</summary>
    private static string Code(Command command) => command.Name == "exec" ? "EXECABORT Transaction discarded because of: " : "ERR ";

    /// <summary>Whether the user may ask for this at all, and his space has not had enough for this second; answered when not.</summary>
    public static bool MayRun(Call call, Session session, Command command, Space space)
    {
        if (!space.MayOperate(call.Now))
        {
            call.Reply.Error($"LIMIT space {space.Name} runs {space.Limits.OperationsPerSecond} commands a second. Try again in the next one, or ask for more.");
            return false;
        }
        if (!command.Flags.HasFlag(CommandFlags.Admin) || session.User is { IsAdmin: true }) return true;
        call.Reply.Error($"NOPERM this user has no permissions to run the '{command.Name}' command: it is for admins of the server.");
        return false;
    }

    /// <summary>Whether somebody who listens in RESP2 may ask for this; answered when not.</summary>
    public static bool MayListener(Call call, Command command)
    {
        if (command.Flags.HasFlag(CommandFlags.Listening)) return true;
        call.Reply.Error($"ERR Can't execute '{command.Name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context");
        return false;
    }

    /// <summary>Whether the user may write, and the disk takes it; answered when not.</summary>
    public static bool MayWrite(Call call, Session session, Command command, Space space)
    {
        if (session.User is { IsReadOnly: true } user)
        {
            call.Reply.Error($"NOPERM this user has no permissions to run the '{command.Name}' command: {user.Name} may only read.");
            return false;
        }
        if (call.Executor.Log?.Failure is { } failure)
        {
            call.Reply.Error("MISCONF Writes are refused, reads go on: " + failure.Message);
            return false;
        }
        return !command.Flags.HasFlag(CommandFlags.DenyMemory) || HasRoom(call, space);
    }

    private static bool HasRoom(Call call, Space space)
    {
        if (space.Limits.MemoryBytes > 0 && space.Keys.Arena.UsedBytes > space.Limits.MemoryBytes)
        {
            call.Reply.Error($"OOM command not allowed when used memory > 'maxmemory': space {space.Name} has used its {space.Limits.MemoryBytes} bytes.");
            return false;
        }
        if (space.Limits.Keys > 0 && space.Keys.Count >= space.Limits.Keys)
        {
            call.Reply.Error($"OOM command not allowed: space {space.Name} holds its {space.Limits.Keys} keys. Remove some, or ask for more.");
            return false;
        }
        return true;
    }

    /// <summary>The beginning of a word, up to what would end it in a terminal or a log.</summary>
    public static ReadOnlySpan<byte> Shown(ReadOnlySpan<byte> word)
    {
        var end = word.IndexOf((byte)0);
        return word[..Math.Min(end < 0 ? word.Length : end, ShownBytes)];
    }

    private static string ShownText(ReadOnlySpan<byte> word) => Encoding.UTF8.GetString(Shown(word));
}
