using System.Security.Cryptography;
using System.Text;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Spaces;

namespace OpenCluster.Data.Commands;

/// <summary>Who somebody is and how he wants to be spoken to: AUTH, HELLO, PING, QUIT and the like.</summary>
internal static class Connecting
{
    /// <summary>What clients look at to know which commands there are: those of this version of Redis, as far as docs/data.md says.</summary>
    public const string RedisVersion = "7.0.15";

    private const CommandFlags Open = CommandFlags.Fast | CommandFlags.NoAuth | CommandFlags.NoMulti;

    public static IEnumerable<Command> Commands =>
    [
        new("ping", -1, CommandFlags.Fast | CommandFlags.Listening, KeyRange.None, Ping),
        new("echo", 2, CommandFlags.Fast, KeyRange.None, call => call.Reply.Bulk(call[1])),
        new("auth", -2, Open, KeyRange.None, Auth),
        new("hello", -1, Open, KeyRange.None, Hello),
        new("quit", -1, CommandFlags.Fast | CommandFlags.Listening | CommandFlags.NoAuth | CommandFlags.EndsMulti, KeyRange.None, Quit),
        new("reset", 1, CommandFlags.Fast | CommandFlags.Listening | CommandFlags.NoAuth | CommandFlags.EndsMulti, KeyRange.None, Reset),
        new("select", 2, CommandFlags.Fast, KeyRange.None, Select),
    ];

    private static void Ping(Call call)
    {
        if (call.Count > 2)
        {
            Refusals.Arity(call, call.Command);
            return;
        }
        if (call.Session.SubscriptionCount > 0 && call.Reply.Protocol == 2)
        {
            call.Reply.Array(2);
            call.Reply.Bulk("pong"u8);
            call.Reply.Bulk(call.Count == 2 ? call[1] : []);
        }
        else if (call.Count == 2) call.Reply.Bulk(call[1]);
        else call.Reply.Simple("PONG"u8);
    }

    private static void Auth(Call call)
    {
        if (call.Count > 3)
        {
            call.Reply.Error(Errors.Syntax);
            return;
        }
        if (call.Count == 2 && call.Executor.Spaces.Default is not null)
        {
            call.Reply.Error("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"u8);
            return;
        }
        if (TryEnter(call, call.Count == 3 ? call[1] : "default"u8, call[^1])) call.Reply.Ok();
    }

    private static void Hello(Call call)
    {
        var version = call.Reply.Protocol;
        if (call.Count > 1)
        {
            if (!call.TryInteger(1, out var wanted, "ERR Protocol version is not an integer or out of range"u8)) return;
            if (wanted is not (2 or 3))
            {
                call.Reply.Error("NOPROTO unsupported protocol version"u8);
                return;
            }
            version = (int)wanted;
        }
        string? name = null;
        for (var i = 2; i < call.Count; i++)
        {
            if (call.Is(i, "auth"u8) && i + 2 < call.Count)
            {
                if (!TryEnter(call, call[i + 1], call[i + 2])) return;
                i += 2;
            }
            else if (call.Is(i, "setname"u8) && i + 1 < call.Count)
            {
                if (!Clients.TryName(call, ++i, out name)) return;
            }
            else
            {
                call.Reply.Error("ERR Syntax error in HELLO option '" + Encoding.UTF8.GetString(call[i]) + "'");
                return;
            }
        }
        if (call.Session.User is null)
        {
            call.Reply.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time"u8);
            return;
        }
        if (name is not null) call.Session.Name = name;
        call.Reply.Protocol = version;
        call.Reply.Map(7);
        call.Reply.Bulk("server"u8);
        call.Reply.Bulk("redis"u8);
        call.Reply.Bulk("version"u8);
        call.Reply.Bulk(RedisVersion);
        call.Reply.Bulk("proto"u8);
        call.Reply.Integer(version);
        call.Reply.Bulk("id"u8);
        call.Reply.Integer(call.Session.Id);
        call.Reply.Bulk("mode"u8);
        call.Reply.Bulk("standalone"u8);
        call.Reply.Bulk("role"u8);
        call.Reply.Bulk("master"u8);
        call.Reply.Bulk("modules"u8);
        call.Reply.Array(0);
    }

    private static bool TryEnter(Call call, ReadOnlySpan<byte> name, ReadOnlySpan<byte> password)
    {
        var spaces = call.Executor.Spaces;
        // Whether the name or the password was wrong is nobody's business, and neither is how long the comparison took.
        if (spaces.User(Encoding.UTF8.GetString(name)) is not { } user || !IsPassword(user, password))
        {
            call.Reply.Error("WRONGPASS invalid username-password pair or user is disabled."u8);
            return false;
        }
        var space = spaces.Open(user.Space);
        if (call.Session.Space != space && space.Limits.Connections > 0 && space.Connections >= space.Limits.Connections)
        {
            call.Reply.Error($"ERR max number of clients reached: space {space.Name} has its {space.Limits.Connections} connections");
            return false;
        }
        call.Session.Open(user, space);
        return true;
    }

    private static bool IsPassword(User user, ReadOnlySpan<byte> password)
    {
        if (user.Digest is not { } digest) return true;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(password, hash);
        return CryptographicOperations.FixedTimeEquals(hash, Convert.FromHexString(digest));
    }

    private static void Quit(Call call)
    {
        call.Reply.Ok();
        call.Session.IsClosing = true;
    }

    private static void Reset(Call call)
    {
        var session = call.Session;
        session.Leave();
        session.Name = "";
        session.Reply.Protocol = 2;
        if (call.Executor.Spaces.Default is { } user) session.Open(user, call.Executor.Spaces.Open(user.Space));
        call.Reply.Simple("RESET"u8);
    }

    private static void Select(Call call)
    {
        if (!call.TryInteger(1, out var number)) return;
        if (number == 0) call.Reply.Ok();
        else if (number is < int.MinValue or > int.MaxValue) call.Reply.Error($"ERR value is out of range, value must between {int.MinValue} and {int.MaxValue}");
        else call.Reply.Error("ERR DB index is out of range"u8);
    }
}
