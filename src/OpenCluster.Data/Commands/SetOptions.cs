using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Commands;

/// <summary>The words after SET's value and after GETEX's key.</summary>
internal readonly record struct SetOptions
{
    public bool IfMissing { get; private init; }

    public bool IfThere { get; private init; }

    public bool Get { get; private init; }

    public bool KeepTtl { get; private init; }

    public bool Persist { get; private init; }

    /// <summary>Which argument is the time; 0: none was given. <see cref="TryTime"/> reads it.</summary>
    private int TimeAt { get; init; }

    private int TimeUnit { get; init; }

    private bool IsAbsolute { get; init; }

    /// <summary>False: answered with what is wrong.</summary>
    public static bool TryParse(Call call, int first, bool forSet, out SetOptions options)
    {
        options = default;
        for (var i = first; i < call.Count; i++)
        {
            var hasTime = options.TimeAt > 0 || options.KeepTtl || options.Persist;
            if (forSet && call.Is(i, "nx"u8) && !options.IfThere) options = options with { IfMissing = true };
            else if (forSet && call.Is(i, "xx"u8) && !options.IfMissing) options = options with { IfThere = true };
            else if (forSet && call.Is(i, "get"u8)) options = options with { Get = true };
            else if (forSet && call.Is(i, "keepttl"u8) && options.TimeAt == 0) options = options with { KeepTtl = true };
            else if (!forSet && call.Is(i, "persist"u8) && options.TimeAt == 0) options = options with { Persist = true };
            else if (!hasTime && i + 1 < call.Count && Unit(call, i, out var unit, out var isAbsolute))
                options = options with { TimeAt = ++i, TimeUnit = unit, IsAbsolute = isAbsolute };
            else
            {
                call.Reply.Error(Errors.Syntax);
                return false;
            }
        }
        return true;
    }

    /// <summary>The time, in milliseconds since 1970; 0 when none was given. False: answered that it is none.</summary>
    public bool TryTime(Call call, out long expiresAt)
    {
        expiresAt = 0;
        return TimeAt == 0 || Expiry.TryTime(call, TimeAt, TimeUnit, IsAbsolute, out expiresAt);
    }

    private static bool Unit(Call call, int index, out int unit, out bool isAbsolute)
    {
        (unit, isAbsolute) = call.Is(index, "ex"u8) ? (1000, false)
            : call.Is(index, "px"u8) ? (1, false)
            : call.Is(index, "exat"u8) ? (1000, true)
            : call.Is(index, "pxat"u8) ? (1, true)
            : (0, false);
        return unit != 0;
    }
}
