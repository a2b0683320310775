import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;

/* mongo-java-server on a port of the kernel's choice; its address on the first
 * line, until it is killed. */
public class Peer {
	public static void main(String[] args) {
		MongoServer server = new MongoServer(new MemoryBackend());
		System.out.println("ready " + server.bind());
	}
}
