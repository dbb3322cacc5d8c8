using System.Text;

namespace OpenCluster.Resp.Tests;

public sealed class CommandReaderTests
{
    private readonly CommandReader reader = new();

    [Fact]
    public void An_array_of_bulk_strings_is_a_command()
    {
        var input = Bytes("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nh\r\nlo\r\nrest");
        Assert.Equal(CommandStatus.Complete, reader.Read(input, RespLimits.Default));
        Assert.Equal(["SET", "k", "h\r\nlo"], Words(input));
        Assert.Equal(input.Length - 4, reader.Consumed);
        Assert.False(reader.IsInline);
    }

    [Theory]
    [InlineData("ping\r\n", "ping")]
    [InlineData("ping\n", "ping")]
    [InlineData("  set  a\tb \r\n", "set,a,b")]
    [InlineData("set a \"x y\\n\\x41\\\"\"\r\n", "set,a,x y\nA\"")]
    [InlineData("set a 'it\\'s'\r\n", "set,a,it's")]
    [InlineData("set a \"\"\r\n", "set,a,")]
    [InlineData("\r\n", "")]
    public void A_line_of_words_is_a_command(string line, string words)
    {
        var input = Bytes(line);
        Assert.Equal(CommandStatus.Complete, reader.Read(input, RespLimits.Default));
        Assert.Equal(words, string.Join(',', Words(input)));
        Assert.True(reader.IsInline);
    }

    [Theory]
    [InlineData("*1\r\n:1\r\n", "Protocol error: expected '$', got ':'")]
    [InlineData("*x\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*1000000000\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*1\r\n$-1\r\n", "Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$999999999999\r\n", "Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$9999999999999999999999\r\n", "Protocol error: invalid bulk length")]
    [InlineData("set a \"b\r\n", "Protocol error: unbalanced quotes in request")]
    [InlineData("set a \"b\"c\r\n", "Protocol error: unbalanced quotes in request")]
    public void What_is_no_command_is_named(string text, string problem)
    {
        Assert.Equal(CommandStatus.Invalid, reader.Read(Bytes(text), RespLimits.Default));
        Assert.Equal(problem, reader.Problem);
    }

    [Theory]
    [InlineData("*11\r\n", "Protocol error: unauthenticated multibulk length")]
    [InlineData("*1\r\n$20000\r\n", "Protocol error: unauthenticated bulk length")]
    public void Who_has_not_said_who_he_is_may_send_little(string text, string problem)
    {
        Assert.Equal(CommandStatus.Invalid, reader.Read(Bytes(text), RespLimits.BeforeAuthentication));
        Assert.Equal(problem, reader.Problem);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void An_array_of_nothing_is_passed_over(int count)
    {
        Assert.Equal(CommandStatus.Complete, reader.Read(Bytes($"*{count}\r\n"), RespLimits.Default));
        Assert.True(reader.Arguments.IsEmpty);
        Assert.Equal(3 + $"{count}".Length, reader.Consumed);
    }

    [Fact]
    public void A_line_without_an_end_is_refused_when_it_is_too_long()
    {
        Assert.Equal(CommandStatus.Invalid, reader.Read(Bytes(new string('a', 70_000)), RespLimits.Default));
        Assert.Equal("Protocol error: too big inline request", reader.Problem);
    }

    [Theory]
    [InlineData("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhello\r\n*1\r\n$4\r\nPING\r\n", "SET k hello|PING")]
    [InlineData("set a \"x y\"\r\nget a\r\n", "set a x y|get a")]
    public void A_command_that_comes_byte_by_byte_is_the_same(string text, string commands)
    {
        var input = Bytes(text);
        var found = new List<string>();
        var start = 0;
        for (var end = 1; end <= input.Length; end++)
        {
            if (reader.Read(input.AsSpan(start..end), RespLimits.Default) != CommandStatus.Complete) continue;
            found.Add(string.Join(' ', Words(input[start..])));
            start += reader.Consumed;
        }
        Assert.Equal(commands, string.Join('|', found));
    }

    [Fact]
    public void What_is_announced_and_does_not_come_costs_nothing()
    {
        var input = Bytes("*1048576\r\n$33554432\r\n");
        Assert.Equal(CommandStatus.Incomplete, reader.Read(input, RespLimits.Default));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            var other = new CommandReader();
            Assert.Equal(CommandStatus.Incomplete, other.Read(input, RespLimits.Default));
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Anything_at_all_is_read_without_harm_and_the_same_whole_or_in_pieces(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 3000; round++)
        {
            var input = Noise(random);
            Assert.Equal(All([.. input], input.Length), All([.. input], random.Next(1, 8)));
        }
    }

    /// <summary>Commands, some of them damaged.</summary>
    private static byte[] Noise(Random random)
    {
        var text = new StringBuilder();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var words = random.Next(0, 4);
            text.Append('*').Append(words).Append("\r\n");
            for (; words > 0; words--)
            {
                var word = new string('v', random.Next(0, 12));
                text.Append('$').Append(word.Length).Append("\r\n").Append(word).Append("\r\n");
            }
        }
        var bytes = Bytes(text.ToString());
        for (var i = random.Next(0, 3); i > 0 && bytes.Length > 0; i--) bytes[random.Next(bytes.Length)] = (byte)("*$\r\n-019\"'a\0"[random.Next(12)]);
        return bytes;
    }

    /// <summary>What is read when the input comes in pieces of <paramref name="piece"/> bytes.</summary>
    private static string All(byte[] input, int piece)
    {
        var (reader, said, start) = (new CommandReader(), new StringBuilder(), 0);
        for (var end = 0; end < input.Length;)
        {
            end = Math.Min(input.Length, end + piece);
            while (start < end)
            {
                var status = reader.Read(input.AsSpan(start, end - start), RespLimits.Default);
                if (status == CommandStatus.Invalid) return said.Append(reader.Problem).ToString();
                if (status == CommandStatus.Incomplete) break;
                foreach (var slice in reader.Arguments) said.Append(Encoding.Latin1.GetString(input, start + slice.Offset, slice.Length)).Append(' ');
                said.Append('|');
                start += reader.Consumed;
            }
        }
        return said.ToString();
    }

    private string[] Words(byte[] input) => [.. reader.Arguments.ToArray().Select(s => Encoding.UTF8.GetString(input, s.Offset, s.Length))];

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
