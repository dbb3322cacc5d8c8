namespace OpenCluster.Data.Tests.Oracle;

/// <summary>Random commands over a few keys, so that they meet often: some right, some for keys of another kind, some with too few words.</summary>
internal sealed class CommandSource(int seed, string[] templates)
{
    private static readonly string[] Values = ["", "a", "b", "hello", "10", "-3", "007", "3.5", "1e3", "12345678901234567890", "9223372036854775807", "x\0y\xff", new string('v', 70)];
    private static readonly string[] Integers = ["0", "1", "2", "-1", "-2", "5", "100", "-100", "abc", "1.5", "9223372036854775807", ""];
    /// <summary>So long that nothing ends while the test looks, past, or wrong.</summary>
    private static readonly string[] Times = ["1000000", "0", "-1", "abc", "9223372036854775807", "99999999999"];
    private static readonly string[] Numbers = ["0", "1", "2.5", "-1", "1e2", "0.1", "3", "inf", "-inf", "nan", "x", "1.0e-5", "17.25"];
    private static readonly string[] Members = ["a", "b", "c", "d", "e", "1", "2", "33", "-4", "field", new string('m', 70)];
    private static readonly string[] Bounds = ["-", "+", "[a", "(a", "[c", "(c", "[", "[zz", "x"];
    private static readonly string[] ScoreBounds = ["-inf", "+inf", "1", "(1", "2.5", "(2.5", "0", "100", "x", "(x"];

    private readonly Random random = new(seed);

    public string[] Next()
    {
        var words = new List<string>();
        foreach (var word in One(templates).Split(' '))
        {
            // "{…}" comes or not; "{…}*" up to four times.
            if (word is ['?', ..] && random.Next(2) == 0) break;
            var times = word.EndsWith('*') ? random.Next(1, 5) : 1;
            for (; times > 0; times--) Fill(words, word.TrimStart('?').TrimEnd('*'));
        }
        if (random.Next(60) == 0 && words.Count > 1) words.RemoveAt(words.Count - 1);
        // One word more, but not for those that wait (BLPOP and its like): it would be the time, and somebody would wait for it.
        if (random.Next(60) == 0 && words[0][0] is not ('b' or 'B')) words.Add(One(Values));
        return [.. words];
    }

    private void Fill(List<string> words, string word)
    {
        foreach (var part in word.Split(','))
        {
            words.Add(part switch
            {
                "K" => "k" + random.Next(6),
                "V" => One(Values),
                "I" => One(Integers),
                "N" => One(Numbers),
                "T" => One(Times),
                "M" => One(Members),
                "L" => One(Bounds),
                "S" => One(ScoreBounds),
                "B" => random.Next(3) == 0 ? One(Integers) : random.Next(64).ToString(System.Globalization.CultureInfo.InvariantCulture),
                _ when part.Contains('|', StringComparison.Ordinal) => One(part.Split('|')),
                _ => random.Next(8) == 0 ? part.ToUpperInvariant() : part,
            });
        }
    }

    private string One(string[] of) => of[random.Next(of.Length)];
}
