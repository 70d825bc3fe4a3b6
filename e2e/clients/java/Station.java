import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonDeserializer;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import eu.chargetime.ocpp.ClientEvents;
import eu.chargetime.ocpp.JSONClient;
import eu.chargetime.ocpp.JSONConfiguration;
import eu.chargetime.ocpp.feature.profile.ClientCoreEventHandler;
import eu.chargetime.ocpp.feature.profile.ClientCoreProfile;
import eu.chargetime.ocpp.feature.profile.ClientFirmwareManagementEventHandler;
import eu.chargetime.ocpp.feature.profile.ClientFirmwareManagementProfile;
import eu.chargetime.ocpp.feature.profile.ClientLocalAuthListEventHandler;
import eu.chargetime.ocpp.feature.profile.ClientLocalAuthListProfile;
import eu.chargetime.ocpp.feature.profile.ClientRemoteTriggerEventHandler;
import eu.chargetime.ocpp.feature.profile.ClientRemoteTriggerProfile;
import eu.chargetime.ocpp.feature.profile.ClientReservationEventHandler;
import eu.chargetime.ocpp.feature.profile.ClientReservationProfile;
import eu.chargetime.ocpp.feature.profile.ClientSmartChargingEventHandler;
import eu.chargetime.ocpp.feature.profile.ClientSmartChargingProfile;
import eu.chargetime.ocpp.feature.profile.securityext.ClientSecurityExtEventHandler;
import eu.chargetime.ocpp.feature.profile.securityext.ClientSecurityExtProfile;
import eu.chargetime.ocpp.model.Confirmation;
import eu.chargetime.ocpp.model.Request;
import eu.chargetime.ocpp.model.core.StartTransactionConfirmation;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A station on the Java library. Says and answers what the file of orders holds, says "done", stays until its input ends. */
public final class Station {
  private static final List<String> PACKAGES = List.of("core", "firmware", "securityext");
  private static final Gson GSON =
      new GsonBuilder()
          .registerTypeAdapter(
              ZonedDateTime.class,
              (JsonDeserializer<ZonedDateTime>) (json, type, context) -> ZonedDateTime.parse(json.getAsString()))
          .create();

  public static void main(String[] arguments) throws Exception {
    JsonObject orders = JsonParser.parseString(Files.readString(Path.of(arguments[0]))).getAsJsonObject();
    JsonObject answers = orders.getAsJsonObject("answers");
    JSONConfiguration configuration =
        JSONConfiguration.get()
            .setParameter(JSONConfiguration.USERNAME_PARAMETER, orders.get("identity").getAsString())
            .setParameter(JSONConfiguration.PASSWORD_PARAMETER, orders.get("password").getAsString());
    ClientCoreProfile core = new ClientCoreProfile(obeys(ClientCoreEventHandler.class, answers));
    JSONClient client = new JSONClient(core, orders.get("identity").getAsString(), configuration);
    client.addFeatureProfile(
        new ClientFirmwareManagementProfile(obeys(ClientFirmwareManagementEventHandler.class, answers)));
    client.addFeatureProfile(new ClientLocalAuthListProfile(obeys(ClientLocalAuthListEventHandler.class, answers)));
    client.addFeatureProfile(new ClientRemoteTriggerProfile(obeys(ClientRemoteTriggerEventHandler.class, answers)));
    client.addFeatureProfile(new ClientReservationProfile(obeys(ClientReservationEventHandler.class, answers)));
    client.addFeatureProfile(new ClientSmartChargingProfile(obeys(ClientSmartChargingEventHandler.class, answers)));
    client.addFeatureProfile(new ClientSecurityExtProfile(obeys(ClientSecurityExtEventHandler.class, answers)));
    connect(client, orders.get("url").getAsString());
    say(client, orders.getAsJsonArray("session"));
    System.out.println("done");
    while (System.in.read() >= 0) {}
    client.disconnect();
    System.exit(0);
  }

  private static void connect(JSONClient client, String url) throws InterruptedException {
    CountDownLatch open = new CountDownLatch(1);
    client.connect(
        url,
        new ClientEvents() {
          @Override
          public void connectionOpened() {
            open.countDown();
          }

          @Override
          public void connectionClosed() {}
        });
    open.await(10, TimeUnit.SECONDS);
  }

  private static void say(JSONClient client, JsonArray session) {
    int number = 0;
    for (JsonElement message : session) {
      String action = message.getAsJsonArray().get(0).getAsString();
      JsonObject payload = message.getAsJsonArray().get(1).getAsJsonObject();
      if (payload.has("transactionId")) {
        payload.addProperty("transactionId", number);
      }
      try {
        Request request = (Request) GSON.fromJson(payload, requestOf(action));
        Confirmation answer = client.send(request).toCompletableFuture().get(10, TimeUnit.SECONDS);
        if (!answer.validate()) {
          throw new IllegalStateException("the answer does not validate: " + answer);
        }
        if (answer instanceof StartTransactionConfirmation) {
          number = ((StartTransactionConfirmation) answer).getTransactionId();
        }
        System.out.println("said " + action);
      } catch (Exception error) {
        System.out.println("failed " + action + ": " + error);
      }
    }
  }

  private static Class<?> requestOf(String action) throws ClassNotFoundException {
    for (String name : PACKAGES) {
      try {
        return Class.forName("eu.chargetime.ocpp.model." + name + "." + action + "Request");
      } catch (ClassNotFoundException elsewhere) {
        continue;
      }
    }
    throw new ClassNotFoundException(action);
  }

  /** A handler of the library's interface that answers each call with the confirmation that the orders hold for it. */
  private static <T> T obeys(Class<T> kind, JsonObject answers) {
    Object made =
        Proxy.newProxyInstance(
            kind.getClassLoader(),
            new Class<?>[] {kind},
            (self, method, arguments) -> {
              String action = method.getReturnType().getSimpleName().replace("Confirmation", "");
              return GSON.fromJson(answers.get(action), method.getReturnType());
            });
    return kind.cast(made);
  }
}
