/* A web server with a thread for each request, and that starts another one itself. */
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;

class VerifyServer {
    public static void main(String[] arguments) throws Exception {
        InetAddress host = InetAddress.getByName("127.0.0.1");
        int port = Integer.parseInt(arguments[0]);
        HttpServer server = HttpServer.create(new InetSocketAddress(host, port), 100);

        server.createContext("/", exchange -> {
            byte[] answer = "portcullis\n".getBytes();
            Thread other = new Thread(() -> answer[0] = 'P');
            other.start();
            try {
                other.join();
            } catch (InterruptedException exception) {
                throw new AssertionError(exception);
            }
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.setExecutor(task -> new Thread(task).start());
        server.start();
    }
}
