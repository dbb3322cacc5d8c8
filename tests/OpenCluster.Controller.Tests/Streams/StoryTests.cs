using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Streams;
using OpenCluster.Controller.Tests.Support;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Store;

namespace OpenCluster.Controller.Tests.Streams;

public sealed class StoryTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    private readonly ShiftedTime _time = new();
    private readonly SortedDictionary<string, ReadOnlyMemory<byte>> _store = new(StringComparer.Ordinal);
    private Story _story;

    public StoryTests() => _story = Story.From([], _time);

    private void Tell(string text, params string[] evidence)
    {
        var writes = _story.Add(new Note(_time.GetUtcNow(), Weight.Info, "web1", text) { Evidence = [.. evidence] });
        Commit(writes);
    }

    private void Commit(IEnumerable<DocumentWrite> writes)
    {
        var committed = writes.Select(w => KeyValuePair.Create(w.Key, w.Json is { } json ? (ReadOnlyMemory<byte>?)json : null)).ToList();
        foreach (var (key, json) in committed)
        {
            if (json is { } bytes) _store[key] = bytes;
            else _store.Remove(key);
        }

        _story.Apply(committed);
    }

    private void Restart() => _story = Story.From(_store.Select(d => new Document(d.Key, d.Value, 1, 1, null)), _time);

    private List<EventView> Read(long after = 0)
    {
        var reader = _story.ReadAfter(after, follow: false);
        var read = new List<EventView>();
        while (reader.TryTake(out var frame)) read.Add(JsonSerializer.Deserialize(frame.Json.Span, ApiJson.Default.EventView)!);
        return read;
    }

    [Fact]
    public void Story_goes_on_where_it_was_after_a_restart()
    {
        Tell("one");
        Tell("two");
        var seen = Read()[0].Id;
        Restart();
        Tell("three");
        Assert.Equal(["one", "two", "three"], Read().Select(e => e.Text));
        Assert.Equal(["two", "three"], Read(seen).Select(e => e.Text));
        Assert.Equal(Read().Select(e => e.Id), Read().Select(e => e.Id).Order());
    }

    [Fact]
    public void Reader_of_what_is_no_longer_kept_is_told_so_once()
    {
        Tell("first");
        var seen = Read()[0].Id;
        for (var i = 0; i <= Story.Kept; i++) Tell($"event {i}");
        Restart();
        var read = Read(seen);
        Assert.Equal(Story.Kept + 1, read.Count);
        Assert.Contains("is no longer kept", read[0].Text, StringComparison.Ordinal);
        Assert.Equal("event 1", read[1].Text);
        Assert.Equal("event 1", Read(read[0].Id)[0].Text);
        Assert.Equal("event 1", Read()[0].Text);
    }

    [Fact]
    public void Story_keeps_no_more_than_its_bytes_and_of_long_evidence_the_end()
    {
        for (var i = 0; i < 300; i++) Tell($"event {i}", [.. Enumerable.Range(0, 1000).Select(line => $"line {line} of the log")]);
        Assert.InRange(_store.Values.Sum(v => v.Length), Story.KeptBytes / 2, Story.KeptBytes);
        Assert.Equal(_store.Count, Read().Count);
        Assert.Equal("line 999 of the log", Read()[^1].Evidence[^1]);
        Assert.Equal("event 299", Read()[^1].Text);
    }

    [Fact]
    public void What_was_not_stored_was_not_told()
    {
        Tell("one");
        _story.Add(new Note(_time.GetUtcNow(), Weight.Info, "web1", "lost"));
        _story.GoBack();
        Tell("two");
        var read = Read();
        Assert.Equal(["one", "two"], read.Select(e => e.Text));
        Assert.Equal(read[0].Id, read[1].Previous);
    }

    [Fact]
    public void Reader_from_a_time_that_the_cluster_has_not_reached_gets_everything()
    {
        Tell("one");
        Assert.Single(Read(_time.GetUtcNow().AddDays(1).ToUnixTimeMilliseconds()));
    }

    [Fact]
    public async Task Events_of_before_are_there_after_a_restart_and_a_stream_resumes_over_it()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await controller.Admin.ApplyAsync(new Api.Requests.FileRequest { Text = Cluster.TwoServers }, Ct);
        var before = await controller.Admin.EventsAsync(0, Ct, follow: false).ToListAsync(Ct);
        Assert.NotEmpty(before);
        await controller.StopAsync();
        await controller.StartAgainAsync();
        var after = await controller.Admin.EventsAsync(0, Ct, follow: false).ToListAsync(Ct);
        Assert.Equal(before.Select(e => e.Id), after.Take(before.Count).Select(e => e.Id));
        var rest = await controller.Admin.EventsAsync(before[0].Id, Ct, follow: false).ToListAsync(Ct);
        Assert.Equal(after.Skip(1).Select(e => e.Id), rest.Select(e => e.Id));
        using var http = controller.Http(controller.AdminToken);
        var since = Uri.EscapeDataString(DateTimeOffset.FromUnixTimeMilliseconds(after[0].Id + 1).ToString("O"));
        var later = await http.GetStringAsync($"/v1/events?follow=false&since={since}", Ct);
        Assert.DoesNotContain($"id: {after[0].Id}\n", later, StringComparison.Ordinal);
        Assert.Contains($"id: {after[1].Id}\n", later, StringComparison.Ordinal);
    }
}
