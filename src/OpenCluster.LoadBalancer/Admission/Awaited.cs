namespace OpenCluster.LoadBalancer.Admission;

/// <summary>What a connection waits for its client to do, within a limit of time; who exceeds it is let go, and counted by this.</summary>
internal enum Awaited : byte
{
    /// <summary>Nothing is under way: an idle connection is closed for the room it takes, and nobody is to blame.</summary>
    NextRequest,
    Head,
    Body,
    AnswerTaken,
    /// <summary>The answer is out and the connection ends; what still comes is read and dropped.</summary>
    Goodbye,
}

internal static class AwaitedWords
{
    public static string Word(this Awaited awaited) => awaited switch
    {
        Awaited.NextRequest => "next request",
        Awaited.Head => "head",
        Awaited.Body => "body",
        Awaited.AnswerTaken => "answer taken",
        Awaited.Goodbye => "goodbye",
        _ => throw new ArgumentOutOfRangeException(nameof(awaited), awaited, null),
    };
}
