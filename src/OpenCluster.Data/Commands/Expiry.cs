using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Commands;

/// <summary>When keys end: EXPIRE and its family.</summary>
internal static class Expiry
{
    private const CommandFlags Write = CommandFlags.Write | CommandFlags.Fast;
    private const CommandFlags Read = CommandFlags.ReadOnly | CommandFlags.Fast;

    public static IEnumerable<Command> Commands =>
    [
        new("expire", -3, Write, KeyRange.One, call => Expire(call, 1000, isAbsolute: false)),
        new("pexpire", -3, Write, KeyRange.One, call => Expire(call, 1, isAbsolute: false)),
        new("expireat", -3, Write, KeyRange.One, call => Expire(call, 1000, isAbsolute: true)),
        new("pexpireat", -3, Write, KeyRange.One, call => Expire(call, 1, isAbsolute: true)),
        new("ttl", 2, Read, KeyRange.One, call => Tell(call, entry => (entry.ExpiresAt - call.Now + 500) / 1000)),
        new("pttl", 2, Read, KeyRange.One, call => Tell(call, entry => entry.ExpiresAt - call.Now)),
        new("expiretime", 2, Read, KeyRange.One, call => Tell(call, entry => (entry.ExpiresAt + 500) / 1000)),
        new("pexpiretime", 2, Read, KeyRange.One, call => Tell(call, entry => entry.ExpiresAt)),
        new("persist", 2, Write, KeyRange.One, Persist),
    ];

    /// <summary>
    /// Reads a time for SET and its like: more than 0, in units of <paramref name="unit"/> milliseconds, from now or since 1970. False: answered.
    /// </summary>
    public static bool TryTime(Call call, int index, long unit, bool isAbsolute, out long expiresAt)
    {
        expiresAt = 0;
        if (!call.TryInteger(index, out var number)) return false;
        if (number > 0 && TryScale(number, unit, isAbsolute ? 0 : call.Now, out expiresAt)) return true;
        Invalid(call);
        return false;
    }

    /// <summary>Sets the time of a key that is there; one that is past removes it.</summary>
    public static void Set(Call call, ReadOnlySpan<byte> key, long expiresAt)
    {
        if (expiresAt <= call.Now && !call.Executor.IsReplaying)
        {
            call.Keys.Remove(key);
            call.Changed(key, EventKind.Generic, "del"u8);
            call.LogAs("del"u8, key);
            return;
        }
        call.Keys.SetExpiry(key, expiresAt);
        call.Changed(key, EventKind.Generic, "expire"u8);
        call.LogExpiry(key, expiresAt);
    }

    private static void Expire(Call call, long unit, bool isAbsolute)
    {
        if (!TryConditions(call, out var conditions) || !call.TryInteger(2, out var number)) return;
        if (!TryScale(number, unit, isAbsolute ? 0 : call.Now, out var expiresAt))
        {
            Invalid(call);
            return;
        }
        var entry = call.Keys.Find(call[1]);
        if (entry.IsNull || !conditions.Hold(entry, expiresAt))
        {
            call.Reply.Integer(0);
            return;
        }
        // 0 stands for never, so what is to end then or before ends a moment later, which is long past too.
        Set(call, call[1], Math.Max(1, expiresAt));
        call.Reply.Integer(1);
    }

    private static void Tell(Call call, Func<Entry, long> what)
    {
        var entry = call.Keys.Peek(call[1]);
        call.Reply.Integer(entry.IsNull ? -2 : entry.Expires ? what(entry) : -1);
    }

    private static void Persist(Call call)
    {
        var entry = call.Keys.Find(call[1]);
        if (entry.IsNull || !entry.Expires)
        {
            call.Reply.Integer(0);
            return;
        }
        call.Keys.SetExpiry(call[1], 0);
        call.Changed(call[1], EventKind.Generic, "persist"u8);
        call.Reply.Integer(1);
    }

    private static bool TryScale(long number, long unit, long from, out long expiresAt)
    {
        expiresAt = 0;
        if (number > long.MaxValue / unit || number < long.MinValue / unit) return false;
        var scaled = number * unit;
        if (scaled > 0 && scaled > long.MaxValue - from) return false;
        expiresAt = scaled + from;
        return true;
    }

    private static void Invalid(Call call) => call.Reply.Error($"ERR invalid expire time in '{call.Command.Name}' command");

    /// <summary>NX, XX, GT and LT.</summary>
    private readonly record struct Conditions(bool IfNone, bool IfAny, bool IfLater, bool IfEarlier)
    {
        public bool Hold(Entry entry, long expiresAt) =>
            !(IfNone && entry.Expires)
            && !(IfAny && !entry.Expires)
            && !(IfLater && (!entry.Expires || expiresAt <= entry.ExpiresAt))
            && !(IfEarlier && entry.Expires && expiresAt >= entry.ExpiresAt);
    }

    private static bool TryConditions(Call call, out Conditions conditions)
    {
        conditions = default;
        for (var i = 3; i < call.Count; i++)
        {
            if (call.Is(i, "nx"u8)) conditions = conditions with { IfNone = true };
            else if (call.Is(i, "xx"u8)) conditions = conditions with { IfAny = true };
            else if (call.Is(i, "gt"u8)) conditions = conditions with { IfLater = true };
            else if (call.Is(i, "lt"u8)) conditions = conditions with { IfEarlier = true };
            else return Wrong(call, [.. "ERR Unsupported option "u8, .. Refusals.Shown(call[i])]);
        }
        if (conditions.IfNone && (conditions.IfAny || conditions.IfLater || conditions.IfEarlier))
            return Wrong(call, "ERR NX and XX, GT or LT options at the same time are not compatible"u8);
        return !(conditions.IfLater && conditions.IfEarlier) || Wrong(call, "ERR GT and LT options at the same time are not compatible"u8);
    }

    private static bool Wrong(Call call, ReadOnlySpan<byte> what)
    {
        call.Reply.Error(what);
        return false;
    }
}
