using OpenCluster.Controller.Streams;

namespace OpenCluster.Controller.Tests.Streams;

public sealed class BoardTests
{
    private readonly Board _board = new();

    [Fact]
    public void A_watcher_gets_what_is_there_and_then_each_change()
    {
        Post(1, "a");
        using var watcher = _board.Watch("x", seen: 0);
        Assert.Equal(1, Next(watcher));

        Post(2, "a");
        Assert.Null(Next(watcher));
        Post(3, "b");
        Assert.Equal(3, Next(watcher));
    }

    [Fact]
    public void A_watcher_that_comes_back_is_not_told_what_it_has()
    {
        Post(5, "a");
        using var watcher = _board.Watch("x", seen: 5);
        using var older = _board.Watch("x", seen: 4);

        Assert.Null(Next(watcher));
        Assert.Equal(5, Next(older));
    }

    [Fact]
    public void A_slow_watcher_gets_only_the_newest()
    {
        using var watcher = _board.Watch("x", seen: 0);
        for (var i = 1; i <= 100; i++) Post(i, $"{i}");

        Assert.Equal(100, Next(watcher));
        Assert.Null(Next(watcher));
    }

    [Fact]
    public void A_watcher_that_waited_before_there_was_anything_is_told()
    {
        using var watcher = _board.Watch("x", seen: 0);
        Assert.True(_board.IsWatched("x"));
        Post(1, "a");

        Assert.Equal(1, Next(watcher));
    }

    private void Post(long id, string content) => _board.Post("x", System.Text.Encoding.UTF8.GetBytes(content), () => new Frame(id, default));

    private static long? Next(Board.Watcher watcher) => watcher.TryTake(out var frame) ? frame.Id : null;
}
