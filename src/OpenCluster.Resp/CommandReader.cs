namespace OpenCluster.Resp;

/// <summary>How far a command has come.</summary>
public enum CommandStatus
{
    /// <summary>The command is there, whole.</summary>
    Complete,

    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>What came is no command: tell the peer <see cref="CommandReader.Problem"/> and hang up.</summary>
    Invalid,
}

/// <summary>
/// Finds the commands in what a client sends: arrays of bulk strings, or inline commands (a line of words). One per connection.
/// </summary>
/// <remarks>
/// It copies nothing: arguments are slices of the caller's buffer. An incomplete command is gone on with where it stopped, so a client
/// that drips byte by byte costs each byte once; and room is kept only for arguments that have come, whatever count was declared.
/// </remarks>
public sealed class CommandReader
{
    private Slice[] slices = new Slice[8];
    private int count;

    /// <summary>Where reading goes on, from the start of the command.</summary>
    private int position;

    /// <summary>Arguments still to come; -1 before the array's header.</summary>
    private int expected = -1;

    /// <summary>Length of the argument whose bytes come next; -1 before its header.</summary>
    private int bulkLength = -1;

    private bool done;

    /// <summary>The arguments of a complete command, the name first. Empty for an empty line or array, which is passed over.</summary>
    public ReadOnlySpan<Slice> Arguments => slices.AsSpan(0, count);

    /// <summary>Bytes of the complete command.</summary>
    public int Consumed => position;

    /// <summary>Whether the complete command was a line of words; its bytes are not what an array would be.</summary>
    public bool IsInline { get; private set; }

    /// <summary>Bytes that the incomplete command needs at least, from its start.</summary>
    public int Needed => bulkLength >= 0 ? position + bulkLength + 2 : position + 1;

    /// <summary>What was wrong, in the words Redis uses.</summary>
    public string? Problem { get; private set; }

    /// <param name="input">
    /// From the first byte of the command; when it was incomplete before, the same bytes again and more. Quoted words of an inline command
    /// are unescaped in place.
    /// </param>
    public CommandStatus Read(Span<byte> input, RespLimits limits)
    {
        if (done) Reset();
        if (input.IsEmpty) return CommandStatus.Incomplete;
        if (expected < 0)
        {
            if (input[0] != (byte)'*') return ReadInline(input, limits);
            var header = ReadLength(input, limits, "multibulk length", "mbulk count string", out var declared);
            if (header != CommandStatus.Complete) return header;
            if (declared > limits.MaxArguments)
                return Invalid(limits.MaxArguments < RespLimits.Default.MaxArguments ? "unauthenticated multibulk length" : "invalid multibulk length");
            expected = (int)Math.Max(0, declared);
        }

        while (expected > 0)
        {
            if (bulkLength < 0)
            {
                if (position >= input.Length) return CommandStatus.Incomplete;
                if (input[position] != (byte)'$') return Invalid($"expected '$', got '{Printable(input[position])}'");
                var header = ReadLength(input, limits, "bulk length", "bulk count string", out var declared);
                if (header != CommandStatus.Complete) return header;
                if (declared < 0) return Invalid("invalid bulk length");
                if (declared > limits.MaxArgumentBytes)
                    return Invalid(limits.MaxArguments < RespLimits.Default.MaxArguments ? "unauthenticated bulk length" : "invalid bulk length");
                if (position + declared + 2 > limits.MaxCommandBytes) return Invalid("too big command");
                bulkLength = (int)declared;
            }

            if (input.Length - position < bulkLength + 2) return CommandStatus.Incomplete;
            if (count == slices.Length) Array.Resize(ref slices, count * 2);
            slices[count++] = new Slice(position, bulkLength);
            position += bulkLength + 2;
            bulkLength = -1;
            expected--;
        }

        return Complete(inline: false);
    }

    /// <summary>Reads a marker, a number and the line's end at <see cref="position"/>; <see cref="position"/> moves only when all of it is there.</summary>
    private CommandStatus ReadLength(ReadOnlySpan<byte> input, RespLimits limits, string what, string line, out long number)
    {
        number = 0;
        var at = position + 1;
        var negative = at < input.Length && input[at] == (byte)'-';
        if (negative) at++;
        var first = at;
        while (at < input.Length && (uint)(input[at] - '0') <= 9 && at - first < 18)
            number = number * 10 + (input[at++] - '0');
        if (at + 1 >= input.Length)
        {
            if (input.Length - position > limits.MaxLineBytes) return Invalid("too big " + line);
            return at < input.Length && input[at] != (byte)'\r' ? Invalid("invalid " + what) : CommandStatus.Incomplete;
        }
        if (at == first || input[at] != (byte)'\r') return Invalid("invalid " + what);
        if (negative) number = -number;
        position = at + 2;
        return CommandStatus.Complete;
    }

    private CommandStatus ReadInline(Span<byte> input, RespLimits limits)
    {
        var end = input[position..].IndexOf((byte)'\n');
        if (end < 0)
        {
            if (input.Length > limits.MaxLineBytes) return Invalid("too big inline request");
            position = Math.Max(0, input.Length);
            return CommandStatus.Incomplete;
        }
        end += position;
        position = end + 1;
        var line = input[..end];
        if (line.EndsWith("\r"u8)) line = line[..^1];
        var at = 0;
        while (InlineWords.TryNext(line, ref at, out var word))
        {
            if (count == slices.Length) Array.Resize(ref slices, count * 2);
            slices[count++] = word;
        }
        return at < 0 ? Invalid("unbalanced quotes in request") : Complete(inline: true);
    }

    private CommandStatus Complete(bool inline)
    {
        IsInline = inline;
        done = true;
        return CommandStatus.Complete;
    }

    private CommandStatus Invalid(string problem)
    {
        Problem = "Protocol error: " + problem;
        return CommandStatus.Invalid;
    }

    private void Reset()
    {
        (count, position, expected, bulkLength, done) = (0, 0, -1, -1, false);
        // One huge command must not hold its room for the rest of the connection's life.
        if (slices.Length > 1024) slices = new Slice[8];
    }

    private static char Printable(byte octet) => octet is >= 0x20 and < 0x7f ? (char)octet : '?';
}
