using System.Collections.Concurrent;
using System.Diagnostics;
using Xunit;

namespace ZarrCache.Reliability;

/// <summary>One of the processes that share a cache (<see cref="SharedWork"/>).</summary>
internal sealed class SharedChild : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly Task _listening;
    private readonly ConcurrentQueue<string> _fetched;
    private readonly SemaphoreSlim _done = new(0);
    private int _reads;

    private SharedChild(Process process, ConcurrentQueue<string> fetched)
    {
        _process = process;
        _fetched = fetched;
        _errors = process.StandardError.ReadToEndAsync();
        _listening = ListenAsync();
    }

    /// <summary>Reads that it told of, in fifties.</summary>
    public int Reads => Volatile.Read(ref _reads);

    /// <param name="arguments">Those of <see cref="SharedWork.RunAsync"/>.</param>
    /// <param name="fetched">Takes the keys that the origin is asked for.</param>
    public static SharedChild Start(string[] arguments, ConcurrentQueue<string> fetched) => new(
        Process.Start(new ProcessStartInfo(Child.Host, [Child.Program, SharedWork.Command, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!,
        fetched);

    public void Tell(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>It has opened the cache, or has done what it was told.</summary>
    public async Task WhenDoneAsync(CancellationToken ct)
    {
        await Task.WhenAny(_done.WaitAsync(ct), _listening);
        Assert.False(_listening.IsCompleted, _listening.IsCompleted ? await _errors : null);
    }

    public async Task KillAsync(CancellationToken ct)
    {
        _process.Kill();
        await _process.WaitForExitAsync(ct);
        await _listening;
    }

    /// <summary>Has it close the cache; it must not have met a wrong byte.</summary>
    public async Task EndAsync(CancellationToken ct)
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(ct);
        await _listening;
        Assert.True(_process.ExitCode == 0, await _errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
        _done.Dispose();
    }

    private async Task ListenAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("fetched ", StringComparison.Ordinal))
            {
                _fetched.Enqueue(line["fetched ".Length..]);
            }
            else if (line == "50 reads")
            {
                Interlocked.Add(ref _reads, 50);
            }
            else
            {
                _done.Release();
            }
        }
    }
}
