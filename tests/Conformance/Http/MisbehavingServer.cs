using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ZarrCache.Conformance.Http;

/// <summary>
/// A TCP server on loopback that answers each request with whatever bytes the test writes, and closes the connection. The
/// requests are numbered from 1.
/// </summary>
public sealed class MisbehavingServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly Func<Request, Task> _answer;
    private readonly Task _accepting;

    public MisbehavingServer(Func<Request, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        BaseAddress = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/data");
        _accepting = AcceptAsync();
    }

    public Uri BaseAddress { get; }

    /// <summary>The requests as they came, in order.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                var text = new StringBuilder();
                byte[] one = new byte[1];
                while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                {
                    if (await stream.ReadAsync(one, _stop.Token) == 0)
                    {
                        return;
                    }

                    text.Append((char)one[0]);
                }

                // What a client sends is taken in before it is answered, as it would be by a server.
                byte[] body = new byte[LengthOf(text.ToString())];
                await stream.ReadExactlyAsync(body, _stop.Token);
                _requests.Enqueue(text.ToString());
                await _answer(new Request(text.ToString(), _requests.Count, client, _stop.Token));
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
            {
                return; // the client has had enough, or the test is over
            }
        }
    }

    private static int LengthOf(string request)
    {
        const string Header = "\r\nContent-Length: ";
        int at = request.IndexOf(Header, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? 0 : int.Parse(request[(at + Header.Length)..].Split('\r')[0], CultureInfo.InvariantCulture);
    }

    public sealed record Request(string Text, int Number, TcpClient Client, CancellationToken Stop)
    {
        public Task WriteAsync(string text) => Client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text), Stop).AsTask();

        /// <summary>Closes with a TCP reset.</summary>
        public void Reset()
        {
            Client.LingerState = new LingerOption(true, 0);
            Client.Close();
        }
    }
}
